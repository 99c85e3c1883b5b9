//! The counts as a scraper reads them: Prometheus's text format, by the encoder that the Prometheus project keeps.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::websocket::{OfSockets, Sockets};

/// The media type of [`text`].
pub(crate) const MEDIA_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Everything that is registered, as text. `None`: the encoder failed, which it does for no reason of its own.
pub(crate) fn text(registry: &Registry) -> Option<String> {
    let mut text = String::new();
    prometheus_text::encode(&mut text, registry).ok()?;
    Some(text)
}

/// Has the surface's own counts listed among the others.
pub(crate) fn register(registry: &mut Registry, metrics: Arc<Metrics>, sockets: Arc<Sockets>) {
    registry.register_collector(Box::new(Surface(metrics)));
    registry.register_collector(Box::new(OfSockets(sockets)));
}

#[derive(Debug)]
struct Surface(Arc<Metrics>);

impl Collector for Surface {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let metrics = &*self.0;
        answers(metrics, &mut encoder)?;
        durations(metrics, &mut encoder)?;
        refusals(metrics, &mut encoder)?;
        let over_rate = [("address", &metrics.over_rate.address), ("person", &metrics.over_rate.person)];
        let mut counters = encoder.encode_descriptor(
            "strongroom_http_over_rate",
            "Requests answered 429, by whose rate was passed",
            None,
            MetricType::Counter,
        )?;
        for (by, count) in over_rate {
            counters
                .encode_family(&[("by", by)])?
                .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
        }
        for (name, help, count) in [
            ("strongroom_http_panics", "Handlers that met a defect; each was answered 500", &metrics.panics),
            (
                "strongroom_access_log_left_out",
                "Requests that were refused or shed and have no line, since there were too many",
                &metrics.lines_left_out,
            ),
            (
                "strongroom_http_connections_accepted",
                "Connections taken in, refused ones included",
                &metrics.accepted,
            ),
        ] {
            encoder
                .encode_descriptor(name, help, None, MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
        }
        for (name, help, gauge) in [
            ("strongroom_http_connections", "Connections that are open", metrics.open.load(Relaxed)),
            (
                "strongroom_http_connections_warm",
                "Connections that hold what it takes to serve a request",
                metrics.warm_connections(),
            ),
            (
                "strongroom_http_requests_in_flight",
                "Requests that are being answered, not counting those whose body is on its way",
                metrics.places.taken(),
            ),
            (
                "strongroom_http_body_bytes_in_flight",
                "Bytes of bodies that have come in part",
                metrics.places.body_bytes(),
            ),
        ] {
            let value = u64::try_from(gauge).unwrap_or(u64::MAX);
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
        }
        Ok(())
    }
}

fn answers(metrics: &Metrics, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let mut counters = encoder.encode_descriptor(
        "strongroom_http_requests",
        "Requests answered, by route template, method and status",
        None,
        MetricType::Counter,
    )?;
    for answers in metrics.answers() {
        let status = answers.status.to_string();
        let labels = [("route", answers.route), ("method", answers.method), ("status", &status)];
        counters.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&answers.count, None)?;
    }
    Ok(())
}

fn durations(metrics: &Metrics, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let mut histograms = encoder.encode_descriptor(
        "strongroom_http_request_duration",
        "From a request's head to its answer, before it is sent; the wait for a body included",
        Some(&Unit::Seconds),
        MetricType::Histogram,
    )?;
    for (route, class, reading) in metrics.durations() {
        let labels = [("route", route), ("class", class)];
        histograms.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
            reading.sum_s,
            reading.count,
            &reading.buckets,
            None,
        )?;
    }
    Ok(())
}

fn refusals(metrics: &Metrics, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let mut counters = encoder.encode_descriptor(
        "strongroom_gate_refusals",
        "Connections and requests that the gate refused or ended, by reason",
        None,
        MetricType::Counter,
    )?;
    for refusal in Refusal::ALL {
        let count = metrics.refusals.of(refusal);
        counters
            .encode_family(&[("reason", refusal.label())])?
            .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{Method, StatusCode};

    use super::*;
    use crate::rate_limit::PersonRate;
    use crate::websocket::WebSocketLimits;

    fn scraped(metrics: Metrics) -> String {
        let mut registry = Registry::default();
        register(
            &mut registry,
            Arc::new(metrics),
            Arc::new(Sockets::new(WebSocketLimits::default(), Arc::new(PersonRate::new(0)))),
        );
        text(&registry).unwrap()
    }

    #[test]
    fn what_was_counted_is_listed_with_its_labels_and_its_unit() {
        let metrics =
            Metrics::new(Arc::new(crate::places::Places::new(1, 1)), &crate::verbs::Verbs::default());
        metrics.answered(None, Some(&Method::GET), StatusCode::NOT_FOUND, Duration::from_millis(1500));
        metrics.refusals.count(Refusal::Framing);
        let text = scraped(metrics);
        for line in [
            r#"strongroom_http_requests_total{route="-",method="GET",status="404"} 1"#,
            r#"strongroom_http_request_duration_seconds_bucket{route="-",class="4xx",le="1"} 0"#,
            r#"strongroom_http_request_duration_seconds_bucket{route="-",class="4xx",le="5"} 1"#,
            r#"strongroom_http_request_duration_seconds_bucket{route="-",class="4xx",le="+Inf"} 1"#,
            r#"strongroom_http_request_duration_seconds_sum{route="-",class="4xx"} 1.5"#,
            r#"strongroom_gate_refusals_total{reason="framing"} 1"#,
            r#"strongroom_gate_refusals_total{reason="idle"} 0"#,
            r#"strongroom_http_over_rate_total{by="person"} 0"#,
            "strongroom_http_panics_total 0",
            "strongroom_http_requests_in_flight 0",
            "strongroom_websocket_sockets 0",
            "strongroom_websocket_pushed_total 0",
            r#"strongroom_websocket_closed_total{code="1013",reason="slow reader"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in:\n{text}");
        }
    }

    #[test]
    fn every_reason_has_a_label_of_its_own() {
        let mut labels: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Refusal::ALL.len());
        assert!(labels.iter().all(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
