//! What is told at once: as much as there is room for, each version or all of them folded.

use strongroom_domain::{Fold, Generation, JsonError, PublicView, Revision};

use crate::told::{Pace, Told};

/// Versions told at once: a client that asks for them all is as well off with several answers.
const VERSIONS_TOLD: usize = 32;

/// Versions folded into one update: four times what an outbox keeps by default.
const VERSIONS_FOLDED: usize = 1024;

/// Bytes of descriptions told at once, unless a single one is larger: whoever does not take them holds no more than this.
const BYTES_TOLD: usize = 64 * 1024;

/// Bytes of descriptions folded into one update, likewise: what comes of them is as long as a record at the most.
const BYTES_FOLDED: usize = 256 * 1024;

/// What is about to be told.
pub(crate) struct Telling {
    at: Option<Revision>,
    pace: Pace,
    told: Vec<Told>,
    bytes: usize,
}

impl Telling {
    /// Nothing yet, of what came after a state.
    pub(crate) fn behind(at: Option<Revision>, pace: Pace) -> Self {
        Self { at, pace, told: Vec::new(), bytes: 0 }
    }

    /// The version that is told last; 0 without a record.
    pub(crate) fn version(&self) -> u64 {
        self.at.map_or(0, |at| at.version)
    }

    /// Whether another version may be told.
    pub(crate) fn has_room(&self) -> bool {
        self.told.len() < self.most().0
    }

    /// Versions and bytes that are told at once.
    fn most(&self) -> (usize, usize) {
        match self.pace {
            Pace::Each => (VERSIONS_TOLD, BYTES_TOLD),
            Pace::Folded => (VERSIONS_FOLDED, BYTES_FOLDED),
        }
    }

    /// Tells that the life it was in has ended, unless `generation` is that.
    pub(crate) fn enter(&mut self, generation: Option<Generation>) {
        if self.at.map(|at| at.generation) != generation {
            self.erased();
        }
    }

    /// Tells that the record is gone, to whoever was told of it.
    pub(crate) fn erased(&mut self) {
        if let Some(Revision { generation, .. }) = self.at.take() {
            self.told.push(Told::Erased { generation });
        }
    }

    /// Tells that the next version is not to be had.
    pub(crate) fn gap(&mut self) {
        self.told.push(Told::Gap);
    }

    /// Tells of the next version; `false`, and it is not told, when there is no room.
    pub(crate) fn updated(&mut self, revision: Revision, changes: PublicView) -> bool {
        let bytes = self.bytes + changes.as_json().len();
        if !self.has_room() || (bytes > self.most().1 && self.bytes > 0) {
            return false;
        }
        self.bytes = bytes;
        self.at = Some(revision);
        self.told.push(Told::Updated { from: None, revision, changes });
        true
    }

    /// All of it, and the state that is told last.
    ///
    /// # Errors
    ///
    /// [`JsonError`] when a description is none.
    pub(crate) fn end(self) -> Result<(Vec<Told>, Option<Revision>), JsonError> {
        let told = match self.pace {
            Pace::Each => self.told,
            Pace::Folded => self.told.chunk_by(are_folded).map(fold).collect::<Result<_, _>>()?,
        };
        Ok((told, self.at))
    }
}

/// The first version of a generation is told by itself: it leads from no state that `from` could name.
fn are_folded(one: &Told, next: &Told) -> bool {
    matches!((one, next), (Told::Updated { revision, .. }, Told::Updated { .. }) if revision.version > 1)
}

/// One of a run of updates, or what there is.
fn fold(run: &[Told]) -> Result<Told, JsonError> {
    let [Told::Updated { revision: first, .. }, .., Told::Updated { revision, .. }] = run else {
        return Ok(run.first().cloned().unwrap_or(Told::Gap));
    };
    let mut fold = Fold::new();
    for told in run {
        if let Told::Updated { changes, .. } = told {
            fold.add(changes)?;
        }
    }
    let from = Revision { generation: first.generation, version: first.version.saturating_sub(1) };
    Ok(Told::Updated { from: Some(from), revision: *revision, changes: fold.describe() })
}
