//! The record that a socket follows, wherever its safe is.
//!
//! Of the safe in this process each change is told from its outbox. A safe elsewhere is read anew when something has passed through
//! here: what changes behind our back there is not heard of, and what passes through is told as the whole record.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use strongroom_app::{Following, Listening, Pace, Rung, Told};
use strongroom_domain::{EntityTag, Generation, PublicView, Revision};
use strongroom_ports::{Caller, PassedOn, RemoteSafe, Snapshot, UpstreamError};

use crate::api::{Api, Safe};
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::safe_time::in_safe_time;

/// A record that is followed.
pub(crate) enum Followed {
    Here(Following),
    Remote(Remote),
}

/// A record of a safe elsewhere.
pub(crate) struct Remote {
    safe: Arc<dyn RemoteSafe>,
    caller: Caller,
    request_id: RequestId,
    client: IpAddr,
    listening: Listening,
    told: Option<State>,
    hasher: RandomState,
}

/// As what a record of a safe elsewhere was told last.
#[derive(PartialEq, Eq)]
struct State {
    version: Option<String>,
    generation: Option<Generation>,
    digest: u64,
}

/// Something to tell.
pub(crate) enum News {
    Update {
        from: Option<Revision>,
        revision: Revision,
        changes: PublicView,
    },
    Erased {
        generation: Option<Generation>,
    },
    /// The record anew.
    Record(Snapshot),
    /// What was missed can no longer be told: the record must be read anew.
    Gap,
}

impl Followed {
    /// Follows the caller's record from now on.
    pub(crate) fn begin(api: &Api, caller: &Caller, (request_id, client): (&RequestId, IpAddr)) -> Self {
        match &api.safe {
            Safe::Here { changes, .. } => Self::Here(changes.follow(caller)),
            Safe::Remote { safe, doorbells, .. } => Self::Remote(Remote {
                safe: safe.clone(),
                caller: caller.clone(),
                request_id: request_id.clone(),
                client,
                listening: doorbells.listen(&api.people.record_id(caller)),
                told: None,
                hasher: RandomState::new(),
            }),
        }
    }

    /// The record as it is; what is told next is newer.
    pub(crate) async fn snapshot(&mut self, token: &str) -> Result<Option<Snapshot>, Problem> {
        match self {
            Self::Here(following) => in_safe_time(following.snapshot()).await,
            Self::Remote(record) => {
                let snapshot = record.read(token).await?;
                record.told = snapshot.as_ref().map(|snapshot| record.state(snapshot));
                Ok(snapshot)
            }
        }
    }

    /// Waits until something may have changed, and says when that was known.
    pub(crate) async fn rung(&mut self) -> Rung {
        match self {
            Self::Here(following) => following.rung().await,
            Self::Remote(record) => record.listening.rung().await,
        }
    }

    /// What happened since it was told last; nothing, when nothing is new.
    pub(crate) async fn next(&mut self, pace: Pace, token: &str) -> Result<Vec<News>, Problem> {
        match self {
            Self::Here(following) => {
                let told = in_safe_time(following.next(pace)).await?;
                Ok(told.into_iter().map(News::from).collect())
            }
            Self::Remote(record) => record.next(token).await,
        }
    }

    /// Whether there may be more to tell when something was told: an outbox is told of piece by piece, a record whole.
    pub(crate) fn may_have_more(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// Goes back behind a version, to tell what came after it. `false`: that can no longer be told.
    pub(crate) async fn resume(&mut self, since: &str) -> Result<bool, Problem> {
        match self {
            Self::Here(following) => match Revision::parse(since) {
                Ok(since) => in_safe_time(following.resume(since)).await,
                Err(_) => Ok(false),
            },
            Self::Remote(record) => {
                let told = record.told.as_ref().and_then(|state| state.version.as_deref());
                Ok(told == Some(since))
            }
        }
    }
}

impl Remote {
    async fn read(&self, token: &str) -> Result<Option<Snapshot>, UpstreamError> {
        let request_id = self.request_id.as_str();
        let passed_on = PassedOn { token, request_id, trace_parent: None, client: self.client };
        self.safe.on_behalf(passed_on).read(&self.caller).await
    }

    async fn next(&mut self, token: &str) -> Result<Vec<News>, Problem> {
        let snapshot = self.read(token).await?;
        let state = snapshot.as_ref().map(|snapshot| self.state(snapshot));
        if state == self.told {
            return Ok(Vec::new());
        }
        let before = std::mem::replace(&mut self.told, state);
        Ok(match snapshot {
            Some(snapshot) => vec![News::Record(snapshot)],
            None => vec![News::Erased { generation: before.and_then(|state| state.generation) }],
        })
    }

    fn state(&self, snapshot: &Snapshot) -> State {
        let tag = snapshot.tag.as_ref();
        State {
            version: tag.map(super::server_message::version_of),
            generation: tag.and_then(EntityTag::revision).map(|revision| revision.generation),
            digest: self.hasher.hash_one(snapshot.view.as_json()),
        }
    }
}

impl From<Told> for News {
    fn from(told: Told) -> Self {
        match told {
            Told::Updated { from, revision, changes } => Self::Update { from, revision, changes },
            Told::Erased { generation } => Self::Erased { generation: Some(generation) },
            Told::Gap => Self::Gap,
        }
    }
}
