//! `cargo xtask bench merge`: durable writes a second, ours over HTTP and PostgreSQL's by `pgbench`, on the same disk.
//!
//! Each has one core, its load another. Each client writes a record of its own, and waits for the disk.

use std::time::Instant;

use super::cores::Cores;
use super::goals::{Bound, Row};
use super::load::{self, Load};
use super::postgres::Postgres;
use super::right_answers;
use super::table::Figure;
use super::{Bench, PATIENCE, authority, dev};
use crate::console::say;
use crate::service::Service;
use crate::workspace::Outcome;

/// Measures row 5.
///
/// # Errors
///
/// PostgreSQL cannot be had, or either fails a write.
pub(super) fn rows(bench: &Bench, cores: &Cores) -> Outcome<(Vec<Row>, Vec<Figure>)> {
    let plan = &bench.plan;
    let safe = Service::start(dev(cores.contender(&bench.binary), &bench.place.join("durable")), PATIENCE)?;
    let postgres = Postgres::start(cores, &bench.place)?;
    let (mut of_safe, mut of_postgres) = (Vec::new(), Vec::new());
    {
        let authority = authority(&safe)?;
        let people = load::sign_up(authority, plan.connections)?;
        right_answers::of_a_safe(authority, &people)?;
        // Each merge changes a value, or it would be no write at all.
        let merges = Load::new(authority, plan.connections, plan.merges, |person, turn| {
            people[person].merge(authority, turn)
        });
        let ours = |round| -> Outcome<f64> {
            let start = Instant::now();
            let count = merges.run(round)?;
            #[expect(clippy::cast_precision_loss, reason = "a count of requests, far below 2^53")]
            Ok(count as f64 / start.elapsed().as_secs_f64())
        };
        let theirs = || postgres.upserts_per_s(plan.connections, plan.merges.div_ceil(plan.connections));
        for round in 0..=plan.rounds {
            let (safe, postgres) = if round % 2 == 0 {
                let safe = ours(round)?;
                (safe, theirs()?)
            } else {
                let postgres = theirs()?;
                (ours(round)?, postgres)
            };
            // The round before the first writes the records that are changed from then on.
            if round > 0 {
                of_safe.push(safe);
                of_postgres.push(postgres);
            }
            say(format_args!("merge: round {round} of {}", plan.rounds));
        }
    }
    postgres.stop()?;
    safe.stop()?;
    let peer = ("PostgreSQL by pgbench", of_postgres.as_slice());
    let row = Row::ratio("durable merge over HTTP", "/s", &of_safe, peer, Bound::at_least(1.0, 2.0));
    Ok((vec![row], Vec::new()))
}
