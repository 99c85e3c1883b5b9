//! What is counted of sockets, as a scraper reads it.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::sockets::Sockets;

/// The counts of a process's sockets.
#[derive(Debug)]
pub(crate) struct OfSockets(pub(crate) Arc<Sockets>);

impl Collector for OfSockets {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let sockets = &*self.0;
        let open = u64::try_from(sockets.open()).unwrap_or(u64::MAX);
        let gauge = ("strongroom_websocket_sockets", "Sockets that are open");
        encoder.encode_descriptor(gauge.0, gauge.1, None, MetricType::Gauge)?.encode_gauge(&open)?;
        for (name, help, count) in [
            (
                "strongroom_websocket_pushed",
                "Changes that were told, each to one socket",
                sockets.pushed_so_far(),
            ),
            (
                "strongroom_websocket_coalesced",
                "Times that several changes were told as one, to a socket that was slow",
                sockets.coalesced_so_far(),
            ),
            (
                "strongroom_websocket_resyncs",
                "Records that were told anew, since their changes could no longer be",
                sockets.resyncs_so_far(),
            ),
        ] {
            encoder
                .encode_descriptor(name, help, None, MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let lag = sockets.lag();
        encoder
            .encode_descriptor(
                "strongroom_websocket_push_lag",
                "From a durable change to its frame's turn to be written",
                Some(&Unit::Seconds),
                MetricType::Histogram,
            )?
            .encode_histogram::<NoLabelSet>(lag.sum_s, lag.count, &lag.buckets, None)?;
        let mut closed = encoder.encode_descriptor(
            "strongroom_websocket_closed",
            "Sockets that the server has closed, by close code and reason",
            None,
            MetricType::Counter,
        )?;
        for (close, count) in sockets.all_closed() {
            let code = close.code().to_string();
            closed
                .encode_family(&[("code", code.as_str()), ("reason", close.reason())])?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }
}
