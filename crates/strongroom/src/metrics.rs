//! What is counted outside of the HTTP surface, registered for the scraper: the build, the store, the log.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use strongroom_store_sqlite::SqliteStore;
use tracing_appender::non_blocking::ErrorCounter;

/// Registers everything that the binary itself brings together.
pub(crate) fn register(registry: &mut Registry, store: SqliteStore, dropped_lines: Option<ErrorCounter>) {
    let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", env!("STRONGROOM_COMMIT"))];
    registry.register("strongroom_build", "The release and the commit it was built from", Info::new(build));
    registry.register_collector(Box::new(Store(store)));
    if let Some(dropped) = dropped_lines {
        registry.register_collector(Box::new(Log(dropped)));
    }
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
        ] {
            counter(&mut encoder, name, help, count)?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Log(ErrorCounter);

impl Collector for Log {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let dropped = u64::try_from(self.0.dropped_lines()).unwrap_or(u64::MAX);
        counter(
            &mut encoder,
            "strongroom_access_log_dropped",
            "Lines of requests that nobody read in time",
            dropped,
        )
    }
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> fmt::Result {
    encoder
        .encode_descriptor(name, help, None, MetricType::Counter)?
        .encode_counter::<NoLabelSet, _, u64>(&count, None)
}
