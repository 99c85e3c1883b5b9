//! What is counted outside of the HTTP surface, registered for the scraper: the build, the store, mail, tokens, key sets, the
//! log.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use strongroom_app::MailOutbox;
use strongroom_jwt::{ForeignTokens, KeySetFigures, TokenCache};
use strongroom_ports::RecordStore;
use strongroom_store_sqlite::{Distribution, SqliteStore};
use strongroom_upstream::Figures;
use tracing_appender::non_blocking::ErrorCounter;

use crate::compose::Verifiers;
use crate::logging::DroppedLines;
use crate::upstream_metrics::Upstreams;

/// Registers everything that the binary itself brings together.
pub(crate) fn register(
    registry: &mut Registry,
    (store, outbox): (Option<SqliteStore>, Option<Arc<MailOutbox>>),
    mut figures: Vec<Arc<Figures>>,
    verifiers: &Verifiers,
    dropped_lines: DroppedLines,
) {
    let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", env!("STRONGROOM_COMMIT"))];
    registry.register("strongroom_build", "The release and the commit it was built from", Info::new(build));
    if let Some(store) = store {
        registry.register_collector(Box::new(Store(store)));
    }
    if let Some(outbox) = outbox {
        registry.register_collector(Box::new(Mails(outbox)));
    }
    figures.push(verifiers.fetches.clone());
    registry.register_collector(Box::new(Upstreams(figures)));
    registry.register_collector(Box::new(Tokens(verifiers.remembered.clone())));
    registry.register_collector(Box::new(KeySets(verifiers.foreign.clone())));
    registry.register_collector(Box::new(Log(dropped_lines)));
}

#[derive(Debug)]
struct Store(SqliteStore);

impl Collector for Store {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let stats = self.0.stats();
        for (name, help, count) in [
            ("strongroom_store_writes", "Writes that were acknowledged", stats.writes),
            (
                "strongroom_store_syncs",
                "Transactions that were committed, each with one sync of the log",
                stats.syncs,
            ),
            ("strongroom_store_checkpoints", "Times the write-ahead log was emptied", stats.checkpoints),
            ("strongroom_store_cache_hits", "Loads answered from memory", stats.cache_hits),
            ("strongroom_store_cache_misses", "Loads that went to the database", stats.cache_misses),
            (
                "strongroom_store_refused_by_full_queue",
                "Reads and writes refused since their queue was full",
                stats.refused_by_full_queue,
            ),
        ] {
            counter(&mut encoder, name, help, count)?;
        }
        for (name, help, count) in [
            ("strongroom_store_writable", "1 until a sync has failed", u64::from(self.0.is_writable())),
            ("strongroom_store_writes_waiting", "Writes that wait for the writer", stats.writes_waiting),
            ("strongroom_store_reads_waiting", "Reads that wait for a reader", stats.reads_waiting),
            ("strongroom_store_cache_bytes", "Sealed records in memory", stats.cache_bytes),
            (
                "strongroom_store_erasures_withheld",
                "Erasures that are not out of the log yet",
                stats.erasures_withheld,
            ),
        ] {
            gauge(&mut encoder, name, help, count)?;
        }
        let syncs = ("strongroom_store_sync_duration_seconds", "Commits, their sync included");
        histogram(&mut encoder, syncs, &stats.sync_times, 1e6)?;
        let groups = ("strongroom_store_group_writes", "Writes that one commit has made durable");
        histogram(&mut encoder, groups, &stats.group_sizes, 1.0)
    }
}

#[derive(Debug)]
struct Mails(Arc<MailOutbox>);

impl Collector for Mails {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let figures = self.0.figures();
        for (name, help, count) in [
            ("strongroom_mail_sent", "Mails that were handed over", figures.sent),
            (
                "strongroom_mail_failed",
                "Attempts to send a mail that failed, and are made again",
                figures.failed,
            ),
            ("strongroom_mail_refused", "Mails that were refused, and are dropped", figures.refused),
            ("strongroom_mail_unreadable", "Mails that did not open, and are dropped", figures.unreadable),
        ] {
            counter(&mut encoder, name, help, count)?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Tokens(Arc<TokenCache>);

impl Collector for Tokens {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let figures = self.0.figures();
        for (name, help, count) in [
            ("strongroom_token_cache_hits", "Tokens that were remembered when they were shown", figures.hits),
            ("strongroom_token_cache_misses", "Tokens that had to be verified", figures.misses),
        ] {
            counter(&mut encoder, name, help, count)?;
        }
        gauge(
            &mut encoder,
            "strongroom_token_cache_tokens",
            "Tokens that are remembered",
            figures.tokens as u64,
        )
    }
}

/// Published key sets. A label is an issuer as the operator has configured it.
#[derive(Debug)]
struct KeySets(Arc<ForeignTokens>);

impl Collector for KeySets {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let sets = self.0.key_set_figures();
        let mut fetches = encoder.encode_descriptor(
            "strongroom_key_set_fetches",
            "Fetches of issuers' key sets, by whether they brought one that can be used",
            None,
            MetricType::Counter,
        )?;
        for set in &sets {
            for (outcome, count) in [("ok", set.fetches_ok), ("failed", set.fetches_failed)] {
                let labels = [("issuer", set.issuer.as_str()), ("outcome", outcome)];
                fetches.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        let mut refused = encoder.encode_descriptor(
            "strongroom_key_set_fetches_saved",
            "Tokens with an unknown kid that caused no fetch, since there was one not long ago",
            None,
            MetricType::Counter,
        )?;
        for set in &sets {
            refused
                .encode_family(&[("issuer", set.issuer.as_str())])?
                .encode_counter::<NoLabelSet, _, u64>(&set.refused_by_cooldown, None)?;
        }
        let age = |set: &KeySetFigures| set.age.map(|age| age.as_secs());
        of_each(
            &mut encoder,
            &sets,
            "strongroom_key_set_age_seconds",
            "Age of the key set in force, if one is",
            age,
        )?;
        let keys = |set: &KeySetFigures| Some(set.keys as u64);
        of_each(&mut encoder, &sets, "strongroom_key_set_keys", "Keys of the key set in force", keys)
    }
}

fn of_each(
    encoder: &mut DescriptorEncoder<'_>,
    sets: &[KeySetFigures],
    name: &str,
    help: &str,
    value: impl Fn(&KeySetFigures) -> Option<u64>,
) -> fmt::Result {
    let mut gauges = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for set in sets {
        if let Some(value) = value(set) {
            gauges.encode_family(&[("issuer", set.issuer.as_str())])?.encode_gauge(&value)?;
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Log(DroppedLines);

impl Collector for Log {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let lines = |counter: &ErrorCounter| u64::try_from(counter.dropped_lines()).unwrap_or(u64::MAX);
        let of_requests = self.0.of_requests.as_ref().map_or(0, lines);
        let help = "Lines of requests that nobody read in time";
        counter(&mut encoder, "strongroom_access_log_dropped", help, of_requests)?;
        let help = "Lines of the log, those of requests apart, that nobody read in time";
        counter(&mut encoder, "strongroom_log_dropped", help, lines(&self.0.of_others))
    }
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> fmt::Result {
    encoder
        .encode_descriptor(name, help, None, MetricType::Counter)?
        .encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
}

/// `per_unit`: how many of what was counted make one of what is told.
#[expect(clippy::cast_precision_loss, reason = "sums and bounds far below 2^53")]
fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    counted: &Distribution,
    per_unit: f64,
) -> fmt::Result {
    let bounds = counted.bounds.iter().map(|bound| *bound as f64 / per_unit).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(counted.counts().iter().copied()).collect();
    encoder.encode_descriptor(name, help, None, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
        counted.sum as f64 / per_unit,
        counted.counts().iter().sum(),
        &buckets,
        None,
    )
}
