//! `[log]`: how much is said, and in which form.

use tracing::Level;

use super::raw::flag;
use super::reader::Section;

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    /// `format`.
    pub(crate) format: LogFormat,
    /// `level`: the least urgent that is written.
    pub(crate) level: Level,
    /// `access`: whether each request has a line.
    pub(crate) access: bool,
}

/// The forms of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// For machines, an object a line.
    Json,
}

impl Log {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let format = section.read("format", "auto", |raw| match raw.text()? {
            "auto" => Ok(LogFormat::Auto),
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(r#"expected "auto", "text" or "json""#.to_owned()),
        });
        let level = section.read("level", "info", |raw| match raw.text()? {
            "error" => Ok(Level::ERROR),
            "warn" => Ok(Level::WARN),
            "info" => Ok(Level::INFO),
            "debug" => Ok(Level::DEBUG),
            "trace" => Ok(Level::TRACE),
            _ => Err(r#"expected "error", "warn", "info", "debug" or "trace""#.to_owned()),
        });
        let access = section.read("access", true, flag);
        Some(Self { format: format?, level: level?, access: access? })
    }
}
