//! `[console]`: the page for people, which a safe serves.

use super::raw::flag;
use super::reader::Section;

/// The console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Console {
    /// `enabled`: whether `/console` is there. A gateway has none, whatever this says.
    pub(crate) enabled: bool,
}

impl Console {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        Some(Self { enabled: section.read("enabled", true, flag)? })
    }
}
