//! What stands behind a socket here: who says whose a token is, and safes that are in trouble when they are told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_app::LocalSafe;
use strongroom_domain::{EntityTag, Generation, Patch, Precondition, PublicView, Revision};
use strongroom_ports::{
    AuthenticationUnavailable, Authenticator, Caller, Commit, Event, Export, PassedOn, Principal, RecordId,
    RecordStore, Refusal, RemoteSafe, SealedRecord, SessionId, Snapshot, StoreError, Timestamp, Upstream,
    UpstreamError, VerbAnswer, VerbCall, Verdict, WriteId,
};
use strongroom_testkit::fake::InMemoryRecordStore;
use tokio::sync::Semaphore;

/// Knows tokens, and may change its mind, or have none.
#[derive(Debug, Default)]
pub(super) struct FickleAuthenticator {
    people: Mutex<HashMap<String, Principal>>,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<String>>,
}

/// What an authenticator makes of tokens that it knows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Mood {
    /// They are good.
    #[default]
    Knows,
    /// They are not.
    Refuses(Refusal),
    /// It cannot say.
    CannotSay,
}

impl FickleAuthenticator {
    /// Takes this text for that person, up to a time.
    pub(super) fn know(&self, token: &str, caller: Caller, expires_at: Timestamp) {
        let principal = Principal { caller, session: None, credential: None, expires_at };
        self.people.lock().unwrap().insert(token.to_owned(), principal);
    }

    /// What is so from now on.
    pub(super) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The tokens that it was asked about so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Authenticator for FickleAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Verdict, AuthenticationUnavailable> {
        self.asked.lock().unwrap().push(token.to_owned());
        let known = self.people.lock().unwrap().get(token).cloned();
        match (*self.mood.lock().unwrap(), known) {
            (Mood::CannotSay, _) => Err(AuthenticationUnavailable),
            (Mood::Refuses(refusal), _) => Ok(Verdict::Refused(refusal)),
            (Mood::Knows, Some(principal)) => Ok(Verdict::Known(Arc::new(principal))),
            (Mood::Knows, None) => Ok(Verdict::NotMine),
        }
    }

    fn forget(&self, _: &SessionId) {}
}

/// A safe in this process that cannot show a record when it is told so. Writes go well.
#[derive(Debug)]
pub(super) struct TroubledSafe {
    pub(super) kept: Arc<LocalSafe>,
    trouble: Mutex<Option<UpstreamError>>,
    reads: AtomicUsize,
}

impl TroubledSafe {
    pub(super) fn over(kept: Arc<LocalSafe>) -> Self {
        Self { kept, trouble: Mutex::default(), reads: AtomicUsize::new(0) }
    }

    /// What is so from now on.
    pub(super) fn trouble(&self, trouble: Option<UpstreamError>) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// How often it was asked for a record.
    pub(super) fn reads(&self) -> usize {
        self.reads.load(SeqCst)
    }
}

#[async_trait]
impl Upstream for TroubledSafe {
    async fn read(&self, caller: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        self.reads.fetch_add(1, SeqCst);
        let trouble = *self.trouble.lock().unwrap();
        match trouble {
            Some(trouble) => Err(trouble),
            None => self.kept.read(caller).await,
        }
    }

    async fn merge(
        &self,
        caller: &Caller,
        patch: &Patch,
        precondition: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        self.kept.merge(caller, patch, precondition).await
    }

    async fn erase(&self, caller: &Caller, precondition: &Precondition) -> Result<(), UpstreamError> {
        self.kept.erase(caller, precondition).await
    }

    async fn export(&self, caller: &Caller) -> Result<Option<Export>, UpstreamError> {
        self.kept.export(caller).await
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

/// A store that counts how often its outbox is asked.
#[derive(Debug)]
pub(super) struct CountingStore {
    kept: InMemoryRecordStore,
    asked: AtomicUsize,
    is_out_of_reach: Mutex<bool>,
}

impl CountingStore {
    pub(super) fn over(kept: InMemoryRecordStore) -> Self {
        Self { kept, asked: AtomicUsize::new(0), is_out_of_reach: Mutex::default() }
    }

    /// How often events were asked for.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    /// Whether nothing can be read from now on.
    pub(super) fn be_out_of_reach(&self, is_out_of_reach: bool) {
        *self.is_out_of_reach.lock().unwrap() = is_out_of_reach;
    }
}

#[async_trait]
impl RecordStore for CountingStore {
    async fn load(&self, id: &RecordId) -> Result<Option<SealedRecord>, StoreError> {
        if *self.is_out_of_reach.lock().unwrap() {
            return Err(StoreError::Unavailable);
        }
        self.kept.load(id).await
    }

    async fn commit(&self, id: &RecordId, commit: Commit) -> Result<(), StoreError> {
        self.kept.commit(id, commit).await
    }

    async fn erase(&self, id: &RecordId, expected: Revision, write_id: WriteId) -> Result<(), StoreError> {
        self.kept.erase(id, expected, write_id).await
    }

    async fn events(
        &self,
        id: &RecordId,
        generation: Generation,
        after_version: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.asked.fetch_add(1, SeqCst);
        self.kept.events(id, generation, after_version, limit).await
    }

    fn is_writable(&self) -> bool {
        true
    }
}

/// A safe elsewhere that shows what it is told to show.
#[derive(Debug)]
pub(super) struct ToldSafe {
    told: Mutex<Result<Option<Snapshot>, UpstreamError>>,
    tokens: Mutex<Vec<String>>,
    /// A read takes and gives back a permit of it.
    pub(super) gate: Semaphore,
}

impl ToldSafe {
    /// Without a record.
    pub(super) fn new() -> Self {
        Self { told: Mutex::new(Ok(None)), tokens: Mutex::default(), gate: Semaphore::new(1) }
    }

    /// Shows this record from now on. `tag`: what stands between the quotes.
    pub(super) fn show(&self, record: &str, tag: &str) {
        let (view, _) = PublicView::of_foreign(record.as_bytes()).unwrap();
        let tag = Some(EntityTag::strong(tag).unwrap());
        self.answer(Ok(Some(Snapshot { view, tag })));
    }

    /// Answers like this from now on.
    pub(super) fn answer(&self, answer: Result<Option<Snapshot>, UpstreamError>) {
        *self.told.lock().unwrap() = answer;
    }

    /// The tokens that it was shown, one for each read.
    pub(super) fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }
}

#[async_trait]
impl RemoteSafe for ToldSafe {
    fn on_behalf<'a>(&'a self, request: PassedOn<'a>) -> Box<dyn Upstream + 'a> {
        self.tokens.lock().unwrap().push(request.token.to_owned());
        Box::new(Asked(self))
    }

    async fn call(&self, _: PassedOn<'_>, _: &Caller, _: VerbCall<'_>) -> Result<VerbAnswer, UpstreamError> {
        Err(UpstreamError::NotThere)
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

/// The same, as one request asks it. Nothing but a read is asked here.
#[derive(Debug)]
struct Asked<'s>(&'s ToldSafe);

#[async_trait]
impl Upstream for Asked<'_> {
    async fn read(&self, _: &Caller) -> Result<Option<Snapshot>, UpstreamError> {
        drop(self.0.gate.acquire().await.unwrap());
        self.0.told.lock().unwrap().clone()
    }

    async fn merge(
        &self,
        _: &Caller,
        _: &Patch,
        _: &Precondition,
    ) -> Result<Option<EntityTag>, UpstreamError> {
        Err(UpstreamError::Refused)
    }

    async fn erase(&self, _: &Caller, _: &Precondition) -> Result<(), UpstreamError> {
        Err(UpstreamError::Refused)
    }

    async fn export(&self, _: &Caller) -> Result<Option<Export>, UpstreamError> {
        Err(UpstreamError::Refused)
    }

    async fn is_ready(&self) -> bool {
        true
    }
}
