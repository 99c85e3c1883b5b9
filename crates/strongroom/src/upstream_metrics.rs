//! What is counted of the requests to other servers, for the scraper: the safe and the identity
//! service behind a gateway, and issuers' key sets.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use strongroom_upstream::{DURATION_BOUNDS_US, Figures, Requests};

/// The other servers, each under its role.
#[derive(Debug)]
pub(crate) struct Upstreams(pub(crate) Vec<Arc<Figures>>);

/// One number of a server.
type Number = fn(&Figures) -> u64;

impl Collector for Upstreams {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.requests(&mut encoder)?;
        self.durations(&mut encoder)?;
        let counters: [(&str, &str, Number); 3] = [
            (
                "strongroom_upstream_connections_opened",
                "Connections to another server that were opened and may be kept",
                Figures::connections_opened,
            ),
            (
                "strongroom_upstream_retries",
                "Requests to another server that were tried a second time",
                Figures::retries,
            ),
            (
                "strongroom_upstream_dropped_members",
                "Private members that another server told, and that went no further",
                Figures::dropped_members,
            ),
        ];
        for (name, help, count) in counters {
            let mut counters = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for figures in self.that_keep_connections() {
                counters
                    .encode_family(&[("upstream", figures.upstream())])?
                    .encode_counter::<NoLabelSet, _, u64>(&count(figures), None)?;
            }
        }
        let gauges: [(&str, &str, Number); 2] = [
            (
                "strongroom_upstream_connections",
                "Connections to another server that are open",
                Figures::connections,
            ),
            (
                "strongroom_upstream_connections_kept",
                "Of those, the ones that are kept and not in use",
                Figures::connections_kept,
            ),
        ];
        for (name, help, value) in gauges {
            let mut gauges = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for figures in self.that_keep_connections() {
                gauges.encode_family(&[("upstream", figures.upstream())])?.encode_gauge(&value(figures))?;
            }
        }
        Ok(())
    }
}

impl Upstreams {
    /// Key sets are fetched rarely, each over a connection of its own, and once.
    fn that_keep_connections(&self) -> impl Iterator<Item = &Figures> {
        self.0.iter().map(|figures| &**figures).filter(|figures| figures.keeps_connections())
    }

    /// Every kind of request, with the labels that it is counted under.
    fn kinds(&self) -> impl Iterator<Item = ([(&str, &str); 4], Requests<'_>)> {
        self.0.iter().flat_map(|figures| {
            figures.requests().map(|requests| {
                let Requests { method, route, outcome, .. } = requests;
                let upstream = figures.upstream();
                let labels =
                    [("upstream", upstream), ("route", route), ("method", method), ("outcome", outcome)];
                (labels, requests)
            })
        })
    }

    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut counters = encoder.encode_descriptor(
            "strongroom_upstream_requests",
            "Requests to another server, by the class of its answer, or by why there was none",
            None,
            MetricType::Counter,
        )?;
        for (labels, requests) in self.kinds() {
            let count = requests.durations.iter().sum::<u64>();
            counters.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "sums and bounds far below 2^53")]
    fn durations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut histograms = encoder.encode_descriptor(
            "strongroom_upstream_request_duration_seconds",
            "Requests to another server, from the wish for a connection to the whole answer, a second try included",
            None,
            MetricType::Histogram,
        )?;
        for (labels, requests) in self.kinds() {
            let bounds = DURATION_BOUNDS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(requests.durations).collect();
            histograms.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                requests.sum_us as f64 / 1e6,
                requests.durations.iter().sum(),
                &buckets,
                None,
            )?;
        }
        Ok(())
    }
}
