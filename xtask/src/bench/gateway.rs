//! `cargo xtask bench gateway`: a read through our gateway and through HAProxy, of the same bytes, from the same safe.
//!
//! All of them run for the whole time, each on the contenders' core, and take turns in every round, beginning with another
//! one each time. What is compared is the processor time of one process a request.

use std::process::Command;

use super::contender::Contender;
use super::cores::Cores;
use super::goals::{Bound, Row, ratios};
use super::load::Load;
use super::table::Figure;
use super::tokens::Tokens;
use super::{Bench, PATIENCE, authority, proxies, right_answers};
use crate::console::say;
use crate::service::Service;
use crate::workspace::Outcome;

/// Requests a round with tokens that were not seen before.
const COLD_READS: usize = 6_400;

/// Beside what it costs to verify a signature, more of them change nothing.
const VERIFYING_READS: usize = 12_800;

/// One contender under one load, and what came of each round.
struct Course<'a> {
    contender: &'a Contender,
    load: Load<'a>,
    micros: Vec<f64>,
    busy: Vec<f64>,
}

impl<'a> Course<'a> {
    fn new(contender: &'a Contender, load: Load<'a>) -> Self {
        Self { contender, load, micros: Vec::new(), busy: Vec::new() }
    }

    fn against(&self, what: &'static str, peer: &Self, bound: Bound) -> Row {
        Row::ratio(what, "µs", &self.micros, (peer.contender.name, &peer.micros), bound)
    }
}

/// Measures rows 1 to 3, and says how busy the contenders were.
///
/// # Errors
///
/// A build, a peer that is missing, a contender that answers wrong.
pub(super) fn rows(bench: &Bench, cores: &Cores) -> Outcome<(Vec<Row>, Vec<Figure>)> {
    let size = &bench.plan;
    let people = size.connections;
    let place = bench.place.join("gateway");
    std::fs::create_dir_all(&place)?;
    let cold_each = COLD_READS.div_ceil(people) * (size.rounds + 1);
    let tokens = Tokens::mint(&bench.example("issuer"), &place, people, cold_each)?;
    let safe = Service::start(Command::new(bench.example("constant_safe")), PATIENCE)?;
    let safe = authority(&safe)?;

    let ours =
        |name, access| Contender::start(name, |at| proxies::gateway(bench, cores, &place, at, safe, access));
    let gateway = ours("our gateway", false)?;
    let gateway_cold = ours("our gateway, cold tokens", false)?;
    let gateway_logging = ours("our gateway with its access log", true)?;
    let peer = |name, file| Contender::start(name, |at| Ok(proxies::haproxy(cores, file, at, safe, &tokens)));
    let plain = peer("HAProxy without auth", "haproxy-plain.cfg")?;
    let es256 = peer("HAProxy with ES256", "haproxy-es256.cfg")?;
    for ours in [&gateway, &gateway_cold, &gateway_logging] {
        right_answers::has_one_core(ours)?;
    }
    for strict in [&gateway, &gateway_cold, &gateway_logging, &es256] {
        right_answers::of_a_gateway(strict, &tokens, safe)?;
    }
    right_answers::of_a_plain_proxy(&plain, &tokens, safe)?;

    let authorities = [&gateway, &gateway_cold, &gateway_logging, &plain, &es256].map(Contender::authority);
    let [at_gateway, at_cold, at_logging, at_plain, at_es256] = authorities.each_ref().map(String::as_str);
    let warm: Vec<_> = (0..people).map(|person| tokens.warm(person)).collect();
    let warm_load = |at, reads| Load::new(at, people, reads, |person, _| warm[person].clone());
    let cold_load = |at| Load::new(at, people, COLD_READS, |person, turn| tokens.cold(person, turn));
    let mut courses = [
        Course::new(&gateway, warm_load(at_gateway, size.reads)),
        Course::new(&plain, warm_load(at_plain, size.reads)),
        Course::new(&es256, warm_load(at_es256, VERIFYING_READS)),
        Course::new(&gateway_cold, cold_load(at_cold)),
        Course::new(&es256, cold_load(at_es256)),
        Course::new(&gateway_logging, warm_load(at_logging, size.reads)),
    ];
    take_turns(&mut courses, size.rounds)?;
    Ok(judged(courses))
}

fn take_turns(courses: &mut [Course<'_>], rounds: usize) -> Outcome {
    for round in 0..=rounds {
        for turn in 0..courses.len() {
            let next = (turn + round) % courses.len();
            let Course { contender, load, micros, busy } = &mut courses[next];
            let cost = contender.cost(load, round)?;
            // The round before the first warms caches and connections.
            if round > 0 {
                micros.push(cost.micros);
                busy.push(cost.busy * 100.0);
            }
        }
        say(format_args!("gateway: round {round} of {rounds}"));
    }
    Ok(())
}

fn judged(courses: [Course<'_>; 6]) -> (Vec<Row>, Vec<Figure>) {
    let [gateway, plain, es256, cold, es256_cold, logging] = courses;
    let rows = vec![
        gateway.against("GET through the gateway, warm ES256 token", &plain, Bound::at_most(1.25, 0.95)),
        gateway.against("the same", &es256, Bound::at_most(0.25, 0.17)),
        cold.against("cold token each time", &es256_cold, Bound::at_most(0.75, 0.62)),
    ];
    let figures = vec![
        Figure::new("gateway with its access log / without", "×", ratios(&logging.micros, &gateway.micros)),
        Figure::new("on its core: our gateway", "%", gateway.busy),
        Figure::new("on its core: HAProxy without auth", "%", plain.busy),
        Figure::new("on its core: HAProxy with ES256", "%", es256.busy),
        Figure::new("on its core: our gateway, cold tokens", "%", cold.busy),
    ];
    (rows, figures)
}
