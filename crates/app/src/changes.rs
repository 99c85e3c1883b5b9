//! What is told of a record's changes, to whoever follows it: every version once and in order, or that there is a gap.
//!
//! The outbox, committed with each version, is the only queue. A follower remembers how far it was told and reads on from
//! there when its bell rings: a slow one costs no memory and holds up no writer, and a ring that is lost costs time and
//! nothing else.

use std::sync::Arc;

use strongroom_ports::{Caller, RecordStore, Sealer, Upstream};

use crate::doorbells::Doorbells;
use crate::following::Following;
use crate::past::Past;

/// The changes of a safe in this process.
#[derive(Debug)]
pub struct Changes {
    past: Arc<Past>,
    doorbells: Arc<Doorbells>,
}

impl Changes {
    /// The changes that `store` keeps, as `doorbells` ring for them. `safe` reads the same store.
    #[must_use]
    pub fn new(
        safe: Arc<dyn Upstream>,
        store: Arc<dyn RecordStore>,
        sealer: Arc<dyn Sealer>,
        doorbells: Arc<Doorbells>,
    ) -> Self {
        Self { past: Arc::new(Past { safe, store, sealer }), doorbells }
    }

    /// Sends everybody away who follows a person's record now: their account is closed, whatever tokens of another issuer they
    /// may still hold.
    pub fn send_away(&self, caller: &Caller) {
        self.doorbells.send_away(&self.past.sealer.record_id(caller));
    }

    /// Follows a person's record. Listens from now on: what is committed after this is told, behind a
    /// [`snapshot`](Following::snapshot) that is taken later.
    #[must_use]
    pub fn follow(&self, caller: &Caller) -> Following {
        let id = self.past.sealer.record_id(caller);
        Following::new(self.past.clone(), self.doorbells.listen(&id), caller.clone(), id)
    }
}
