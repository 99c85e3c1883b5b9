//! One who follows a record: how far it was told, and what it is told next.
//!
//! Nothing is told twice, out of order, or of a state that is not durable. How far it was told changes only when something
//! is handed over: whoever is refused, or stops waiting, asks again from the same place.

use std::fmt;
use std::sync::Arc;

use strongroom_domain::Revision;
use strongroom_ports::{Caller, Event, EventBody, RecordId, SealedRecord, Snapshot, UpstreamError};

use crate::doorbells::{Listening, Rung};
use crate::local_safe::damaged;
use crate::past::Past;
use crate::telling::Telling;
use crate::told::{Pace, Told};

/// Events read from the outbox at once: a follower that keeps up has one or two to read.
const EVENTS_READ: usize = 32;

/// Follows one person's record, until it is dropped. Made by [`Changes::follow`](crate::Changes::follow).
pub struct Following {
    past: Arc<Past>,
    listening: Listening,
    caller: Caller,
    id: RecordId,
    at: Option<Revision>,
    /// Since the last snapshot.
    has_told: bool,
    /// Whether what a resume has asked for is still being told.
    is_replaying: bool,
}

impl Following {
    pub(crate) fn new(past: Arc<Past>, listening: Listening, caller: Caller, id: RecordId) -> Self {
        Self { past, listening, caller, id, at: None, has_told: false, is_replaying: false }
    }

    /// The state that was told last; `None` without a record.
    #[must_use]
    pub fn at(&self) -> Option<Revision> {
        self.at
    }

    /// The record as it may be read; telling goes on from there. Not while it is being told what came after a version that a
    /// [`resume`](Self::resume) has named: all of that comes, whatever has been read meanwhile.
    ///
    /// # Errors
    ///
    /// As [`Upstream::read`](strongroom_ports::Upstream::read).
    pub async fn snapshot(&mut self) -> Result<Option<Snapshot>, UpstreamError> {
        let snapshot = self.past.read(&self.caller).await?;
        if !self.is_replaying {
            self.at = snapshot.as_ref().and_then(|snapshot| snapshot.tag.as_ref()?.revision());
            self.has_told = false;
        }
        Ok(snapshot)
    }

    /// Waits until something may have changed since this has last returned. Whoever stops waiting loses no ring.
    pub async fn rung(&mut self) -> Rung {
        self.listening.rung().await
    }

    /// What happened since, in version order: at most a few dozen updates and 64 KiB at a time, unless a single one is
    /// larger; empty when nothing is new. Telling goes on behind what is returned.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Unavailable`] or [`UpstreamError::Damaged`].
    pub async fn next(&mut self, pace: Pace) -> Result<Vec<Told>, UpstreamError> {
        let mut telling = Telling::behind(self.at, pace);
        let stored = self.past.load(&self.id).await?;
        telling.enter(stored.as_ref().map(|stored| stored.revision.generation));
        if let Some(stored) = &stored {
            self.catch_up(&mut telling, stored).await?;
        }
        let (told, at) = telling.end().map_err(|_| damaged(&self.id, "event"))?;
        self.at = at;
        self.has_told |= !told.is_empty();
        self.is_replaying &= !told.is_empty() && !told.contains(&Told::Gap);
        Ok(told)
    }

    /// Goes back, to tell again what happened after `since`, if the outbox has all of it and nothing was told since the last
    /// snapshot. `false` when only another snapshot helps; until there is one, telling goes on from where it was.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn resume(&mut self, since: Revision) -> Result<bool, UpstreamError> {
        let current = self.past.load(&self.id).await?.map(|stored| stored.revision);
        let can_resume = !self.has_told
            && match current {
                Some(current) if current == since => true,
                Some(current) if current.generation == since.generation => {
                    current.version > since.version && self.has_next_of(since).await?
                }
                _ => false,
            };
        if can_resume {
            self.at = Some(since);
        }
        self.is_replaying = can_resume;
        Ok(can_resume)
    }

    /// What retention has dropped is missing from the front: whoever has the next has all that follow.
    async fn has_next_of(&self, since: Revision) -> Result<bool, UpstreamError> {
        let events = self.past.events(&self.id, since.generation, since.version, 1).await?;
        Ok(
            matches!(&events[..], [Event { revision, body: EventBody::Written(_), .. }] if *revision == since.next()),
        )
    }

    /// Tells what the outbox has of a record that there is, or what there is room for.
    async fn catch_up(&self, telling: &mut Telling, stored: &SealedRecord) -> Result<(), UpstreamError> {
        while telling.has_room() && telling.version() < stored.revision.version {
            let generation = stored.revision.generation;
            let events = self.past.events(&self.id, generation, telling.version(), EVENTS_READ).await?;
            if !self.tell(telling, stored, events)? {
                break;
            }
        }
        Ok(())
    }

    /// Tells the next events; whether more may follow.
    fn tell(
        &self,
        telling: &mut Telling,
        stored: &SealedRecord,
        events: Vec<Event>,
    ) -> Result<bool, UpstreamError> {
        if events.is_empty() {
            telling.gap();
            return Ok(false);
        }
        for Event { revision, body, .. } in events {
            let EventBody::Written(sealed) = body else {
                telling.erased();
                return Ok(false);
            };
            if revision.version != telling.version() + 1 {
                telling.gap();
                return Ok(false);
            }
            let changes = self.past.open(&self.id, &stored.wrapped_key, revision, &sealed)?;
            if !telling.updated(revision, changes) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").field("person", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}
