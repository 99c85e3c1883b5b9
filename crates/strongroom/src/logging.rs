//! The log: to standard error, as JSON or text, as much as the configuration says.
//!
//! Lines go through queues, those of requests through one of their own, so that nobody ever waits for whoever reads them:
//! what does not fit is dropped and counted.
//!
//! What may stand in a line is decided where it is written (`docs/SECURITY.md`); here it is only made sure that nobody
//! else's code says more: libraries log warnings and errors, whatever the level, and a panic tells its place and never
//! its message, which may carry a value. `RUST_LOG` is not read.

use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use strongroom_http::ACCESS_LOG_TARGET;
use tracing::{Level, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{Log, LogFormat};

/// What our own targets begin with: the crates are named `strongroom` and `strongroom_…`.
const OURS: &str = "strongroom";

/// Lines that may wait to be written: of requests some three mebibytes, of all others what a bad minute brings.
const ACCESS_LINES: usize = 8192;
const OTHER_LINES: usize = 1024;

/// The log while it is written. Dropped last, so that what waits is written out, within two seconds.
pub(crate) struct Logging {
    _write_on: Vec<WorkerGuard>,
    dropped: DroppedLines,
}

/// How many lines were not written, because nobody read fast enough.
#[derive(Debug, Clone)]
pub(crate) struct DroppedLines {
    /// Of requests; `None` where they have no lines.
    pub(crate) of_requests: Option<ErrorCounter>,
    pub(crate) of_others: ErrorCounter,
}

impl Logging {
    pub(crate) fn dropped_lines(&self) -> DroppedLines {
        self.dropped.clone()
    }
}

/// Starts the log of this process. A second call changes nothing: the first log stays.
pub(crate) fn start(log: Log) -> Logging {
    let is_json = match log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let (others, guard) = queue("log", OTHER_LINES);
    let mut guards = vec![guard];
    let mut dropped = DroppedLines { of_requests: None, of_others: others.error_counter() };
    let subscriber = subscriber(is_json, log.level, others);
    // An error means that there is a log already.
    if log.access {
        let (access, guard) = queue("access-log", ACCESS_LINES);
        dropped.of_requests = Some(access.error_counter());
        guards.push(guard);
        let _ = tracing::subscriber::set_global_default(subscriber.with(access_lines(is_json, access)));
    } else {
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
    Logging { _write_on: guards, dropped }
}

/// A queue in front of standard error, and a thread that empties it.
fn queue(thread: &str, lines: usize) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(lines).thread_name(thread).finish(io::stderr())
}

/// Makes panics tell their place and nothing else.
pub(crate) fn hush_panics() {
    std::panic::set_hook(Box::new(report_panic));
}

fn report_panic(info: &PanicHookInfo<'_>) {
    let (file, line) = info.location().map_or(("unknown", 0), |location| (location.file(), location.line()));
    if tracing::dispatcher::has_been_set() {
        tracing::error!(target: "strongroom::panic", file, line, "a defect was met");
    } else {
        // Before the log starts. If standard error is gone, there is nobody left to tell.
        let _ = writeln!(io::stderr(), "strongroom: a defect was met: {file}:{line}");
    }
}

fn subscriber<W>(
    is_json: bool,
    level: Level,
    writer: W,
) -> impl Subscriber + Send + Sync + for<'s> LookupSpan<'s>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let others = LevelFilter::from_level(level.min(Level::WARN));
    let filter = Targets::new()
        .with_default(others)
        .with_target(OURS, level)
        .with_target(ACCESS_LOG_TARGET, LevelFilter::OFF);
    Registry::default().with(lines(is_json, writer).with_filter(filter))
}

/// The lines of requests, whatever the level of others.
fn access_lines<S, W>(is_json: bool, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    lines(is_json, writer).with_filter(Targets::new().with_target(ACCESS_LOG_TARGET, Level::INFO))
}

fn lines<S, W>(is_json: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // A log that cannot be written must not panic about it, as the layer's own complaint on standard error would.
    let lines = fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(writer);
    if is_json { lines.json().flatten_event(true).boxed() } else { lines.boxed() }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(is_json: bool, level: Level, say: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(is_json, level, move || writer.clone());
        tracing::subscriber::with_default(subscriber, say);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields_beside_the_message() {
        let line = logged(true, Level::INFO, || tracing::info!(port = 8080, "listening"));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "listening");
        assert_eq!(line["port"], 8080);
        assert!(line["timestamp"].is_string());
    }

    #[test]
    fn the_level_is_the_configuration_s() {
        let say = || {
            tracing::info!("quiet");
            tracing::warn!("loud");
        };
        let lines = logged(false, Level::WARN, say);
        assert!(!lines.contains("quiet") && lines.contains("loud"), "{lines}");
        assert!(logged(false, Level::INFO, say).contains("quiet"));
    }

    #[test]
    fn the_lines_of_requests_are_apart_from_all_others() {
        let say = || {
            tracing::info!(target: ACCESS_LOG_TARGET, status = 200, "answered");
            tracing::error!("trouble");
        };
        assert!(!logged(true, Level::TRACE, say).contains("answered"), "whatever the level");
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = Registry::default().with(access_lines(true, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, say);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["status"], 200);
    }

    #[test]
    fn libraries_never_say_more_than_warnings() {
        let say = || {
            tracing::debug!(target: "hyper::proto", "chatter");
            tracing::warn!(target: "hyper::proto", "trouble");
            tracing::trace!(target: "strongroom_http::server", "ours");
        };
        let lines = logged(false, Level::TRACE, say);
        assert!(!lines.contains("chatter") && lines.contains("trouble") && lines.contains("ours"), "{lines}");
        assert!(!logged(false, Level::ERROR, say).contains("trouble"));
    }

    #[test]
    fn a_panic_tells_its_place_and_not_its_message() {
        // The hook is the whole process's: panics of other tests go on as they were.
        let (previous, here) = (std::panic::take_hook(), thread::current().id());
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == here { report_panic(info) } else { previous(info) }
        }));
        let lines = logged(true, Level::INFO, || {
            let caught = std::panic::catch_unwind(|| panic!("the value was {}", "hush"));
            assert!(caught.is_err());
        });
        let _ = std::panic::take_hook();
        assert!(lines.contains("a defect was met") && lines.contains(file!()), "{lines}");
        assert!(!lines.contains("hush"), "{lines}");
    }
}
