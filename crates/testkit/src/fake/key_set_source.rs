//! A key set that is published as a test says.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use strongroom_ports::{KeySetSource, KeySetUnavailable};

use super::locked;

/// A [`KeySetSource`] that gives what was published last, and counts how often it was asked.
///
/// ```
/// use strongroom_ports::KeySetSource;
/// use strongroom_testkit::fake::ScriptedKeySetSource;
///
/// let source = ScriptedKeySetSource::new();
/// assert!(futures_executor::block_on(source.fetch()).is_err(), "nothing is published yet");
/// source.publish(br#"{"keys":[]}"#);
/// assert_eq!(futures_executor::block_on(source.fetch()).unwrap(), r#"{"keys":[]}"#);
/// assert_eq!(source.fetches(), 2);
/// ```
#[derive(Default)]
pub struct ScriptedKeySetSource {
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    document: Option<Bytes>,
    fetches: usize,
}

impl ScriptedKeySetSource {
    /// Nothing is published yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this is the document.
    pub fn publish(&self, document: &[u8]) {
        locked(&self.script).document = Some(Bytes::copy_from_slice(document));
    }

    /// From now on there is none.
    pub fn fail(&self) {
        locked(&self.script).document = None;
    }

    /// How often it was asked.
    pub fn fetches(&self) -> usize {
        locked(&self.script).fetches
    }
}

#[async_trait]
impl KeySetSource for ScriptedKeySetSource {
    async fn fetch(&self) -> Result<Bytes, KeySetUnavailable> {
        let mut script = locked(&self.script);
        script.fetches += 1;
        script.document.clone().ok_or(KeySetUnavailable("nothing is published"))
    }
}

/// Printed by how often it was asked.
impl fmt::Debug for ScriptedKeySetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedKeySetSource").field("fetches", &self.fetches()).finish_non_exhaustive()
    }
}
