//! What a socket holds that speaks for somebody, and what it does by itself: tell, write, and be on time.
//!
//! While a frame waits for room nothing is read and nothing is told, so that a client that does not read costs one frame; what it
//! missed is told as one change afterwards.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use serde_json::value::RawValue;
use strongroom_app::Pace;
use strongroom_ports::Snapshot;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use super::close::Close;
use super::end::End;
use super::followed::{Followed, News};
use super::handshake::Switch;
use super::opening::Bearer;
use super::pace::MessagePace;
use super::servers_word::{self as say, Fault, Frame};
use super::socket::{Gone, Received, Socket};
use crate::problem::Problem;

/// How long the changes behind a first `user_data` wait for a `resume`, so that what it asks for comes before them. Any message
/// ends the wait.
const RESUME_TIME: Duration = Duration::from_millis(250);
/// When a safe that could not answer is asked again.
pub(super) const RETRY_TIME: Duration = Duration::from_secs(2);

/// A socket that speaks for somebody.
pub(super) struct Live<'s> {
    pub(super) switch: &'s Switch,
    socket: &'s mut Socket,
    pub(super) bearer: Bearer,
    pub(super) followed: Followed,
    pub(super) pace: MessagePace,
    /// What is to be written, behind what waits for room.
    pub(super) queue: VecDeque<Frame>,
    /// Since when a frame has waited for room.
    pub(super) blocked_since: Option<Instant>,
    /// Whether one has waited since changes were told last.
    was_slow: bool,
    /// Whether the record is still to be shown whole: there was no answer, or no room for it, when it was to be.
    pub(super) owes_record: bool,
    /// Since when something may have happened.
    pub(super) news_since: Option<Instant>,
    /// Up to when it waits for a `resume`, if for any.
    pub(super) resume_until: Option<Instant>,
    /// When a safe that could not answer may be asked again.
    ask_again_at: Option<Instant>,
    pub(super) judge_at: Instant,
    ping_at: Instant,
    /// Whether the client has said anything since it was asked last.
    pub(super) is_there: bool,
}

/// What comes first.
pub(super) enum Event {
    Written(Result<(), Gone>),
    Received(Received),
    Rung(Duration),
    Time,
}

impl<'s> Live<'s> {
    /// Follows the record, then reads it: what is committed in between is told behind it.
    pub(super) async fn begin(
        switch: &'s Switch,
        socket: &'s mut Socket,
        bearer: Bearer,
        pace: MessagePace,
    ) -> Result<Self, End> {
        let asks = (&switch.request_id, switch.client);
        let followed = Followed::begin(&switch.api, &bearer.principal.caller, asks);
        let wallets = bearer.wallets(switch).await;
        let now = Instant::now();
        let mut live = Self {
            judge_at: now + bearer.judged_for(switch),
            ping_at: now + switch.sockets.limits.ping_time,
            resume_until: Some(now + RESUME_TIME),
            ask_again_at: None,
            switch,
            socket,
            bearer,
            followed,
            pace,
            queue: VecDeque::new(),
            blocked_since: None,
            was_slow: false,
            owes_record: false,
            news_since: None,
            is_there: true,
        };
        for kind in ["auth_success", "connection_success"] {
            live.queue.push_back(say::welcome(kind, &wallets, switch.now()));
        }
        live.show_record(None).await?;
        Ok(live)
    }

    /// Queues the record as it is. A safe that cannot answer ends nothing: the client is told, and the safe is asked again.
    pub(super) async fn show_record(&mut self, request_id: Option<&RawValue>) -> Result<(), End> {
        if !self.could_show_record(request_id).await? {
            self.queue.push_back(say::error(Fault::UNAVAILABLE, self.switch.now()));
        }
        Ok(())
    }

    /// The same, and nothing is said where it cannot be: the record is owed then.
    async fn could_show_record(&mut self, request_id: Option<&RawValue>) -> Result<bool, End> {
        let shown = match self.followed.snapshot(self.bearer.token()).await {
            Ok(snapshot) => self.record(snapshot.as_ref(), request_id),
            Err(problem) => Err(problem),
        };
        // The safe may have taken its time, and the token's may be over.
        self.judge_if_due().await?;
        match shown {
            Ok(frame) => {
                self.queue.push_back(frame);
                (self.owes_record, self.ask_again_at) = (false, None);
            }
            Err(problem) => {
                self.end_if_for_good(&problem)?;
                self.owe_record();
            }
        }
        Ok(!self.owes_record)
    }

    fn owe_record(&mut self) {
        self.owes_record = true;
        self.ask_again_later();
    }

    /// The frame of a whole record. One of a safe elsewhere is as long as that safe likes, and counts until it is written.
    fn record(&self, snapshot: Option<&Snapshot>, request_id: Option<&RawValue>) -> Result<Frame, Problem> {
        let caller = &self.bearer.principal.caller;
        let frame = say::user_data(caller, snapshot, request_id, self.switch.now());
        self.switch.api.hold(frame.ok_or(Problem::Internal)?)
    }

    fn ask_again_later(&mut self) {
        let now = Instant::now();
        self.news_since.get_or_insert(now);
        self.ask_again_at = Some(now + RETRY_TIME);
    }

    /// Ends where asking again would change nothing: what is stored does not open, or a safe elsewhere no longer takes the token.
    pub(super) fn end_if_for_good(&self, problem: &Problem) -> Result<(), End> {
        match problem {
            Problem::Internal => Err(Close::Internal.into()),
            Problem::TokenInvalid => {
                Err(self.switch.refuse(Fault::TOKEN_INVALID, Close::AuthenticationFailed))
            }
            _ => Ok(()),
        }
    }

    /// Writes what finds room.
    pub(super) async fn write(&mut self) -> Result<(), End> {
        while self.blocked_since.is_none()
            && let Some(frame) = self.queue.pop_front()
        {
            self.socket.send(frame);
            self.begin_to_flush().await?;
        }
        Ok(())
    }

    async fn begin_to_flush(&mut self) -> Result<(), End> {
        // Pending must mean that there is no room, and not that this task has had its share of the processor.
        match poll!(Box::pin(unconstrained(self.socket.flushed()))) {
            Poll::Ready(flushed) => flushed?,
            Poll::Pending => {
                self.blocked_since = Some(Instant::now());
                self.was_slow = true;
            }
        }
        Ok(())
    }

    /// Whether what happened may be told now.
    fn may_tell(&self) -> bool {
        let is_idle = self.queue.is_empty() && self.blocked_since.is_none();
        is_idle && self.news_since.is_some() && self.resume_until.or(self.ask_again_at).is_none()
    }

    /// Queues what happened, if it may be told; `true`: there is something to write.
    pub(super) async fn tell(&mut self) -> Result<bool, End> {
        let Some(since) = self.news_since.filter(|_| self.may_tell()) else { return Ok(false) };
        if self.owes_record {
            return self.could_show_record(None).await;
        }
        let pace = if std::mem::take(&mut self.was_slow) { Pace::Folded } else { Pace::Each };
        let news = match self.followed.next(pace, self.bearer.token()).await {
            Ok(news) => news,
            Err(problem) => {
                self.end_if_for_good(&problem)?;
                self.ask_again_later();
                return Ok(false);
            }
        };
        let (lag, count) = (since.elapsed(), news.len());
        if count == 0 {
            self.news_since = None;
            return Ok(false);
        }
        // As above.
        self.judge_if_due().await?;
        for piece in news {
            self.queue_news(piece).await?;
        }
        if !self.owes_record {
            self.switch.sockets.pushed(count, lag);
        }
        Ok(true)
    }

    async fn queue_news(&mut self, news: News) -> Result<(), End> {
        let now = self.switch.now();
        let frame = match news {
            News::Update { from, revision, changes } => {
                if from.is_some() {
                    self.switch.sockets.folded();
                }
                say::update(from, revision, &changes, now).ok_or(Close::Internal)?
            }
            News::Erased { generation } => say::erased(generation, now),
            News::Record(snapshot) => match self.record(Some(&snapshot), None) {
                Ok(frame) => frame,
                Err(Problem::Internal) => return Err(Close::Internal.into()),
                Err(_) => {
                    self.owe_record();
                    return Ok(());
                }
            },
            News::Gap => return self.resync().await,
        };
        self.queue.push_back(frame);
        Ok(())
    }

    /// Tells that what was missed can no longer be told, and begins anew.
    pub(super) async fn resync(&mut self) -> Result<(), End> {
        self.switch.sockets.resynced();
        self.queue.push_back(say::resync(self.switch.now()));
        self.show_record(None).await
    }

    /// Waits for whatever comes first. Nothing is lost when the wait is given up.
    pub(super) async fn next_event(&mut self) -> Event {
        let wake_at = self.wake_at();
        let (is_blocked, has_news) = (self.blocked_since.is_some(), self.news_since.is_some());
        let (socket, followed) = (&mut *self.socket, &mut self.followed);
        let client = async {
            if is_blocked {
                Event::Written(socket.flushed().await)
            } else {
                Event::Received(socket.receive().await)
            }
        };
        tokio::select! {
            biased;
            event = client => event,
            rung = followed.rung(), if !has_news => Event::Rung(rung.since()),
            () = sleep_until(wake_at) => Event::Time,
        }
    }

    /// When something must be done, whatever happens.
    fn wake_at(&self) -> Instant {
        let blocked_until = self.blocked_since.map(|since| since + self.switch.sockets.limits.write_time);
        let [resume_until, ask_again_at] =
            [self.resume_until, self.ask_again_at].map(|at| at.filter(|_| self.news_since.is_some()));
        let others = [blocked_until, resume_until, ask_again_at].into_iter().flatten();
        others.fold(self.judge_at.min(self.ping_at), Instant::min)
    }

    pub(super) async fn be_on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        for wait in [&mut self.resume_until, &mut self.ask_again_at] {
            wait.take_if(|until| *until <= now);
        }
        self.judge_if_due().await?;
        let limits = &self.switch.sockets.limits;
        if self.blocked_since.is_some_and(|since| since + limits.write_time <= now) {
            return Err(Close::SlowReader.into());
        }
        if self.ping_at <= now {
            // A frame that waits for room says enough, and has its own time.
            if !std::mem::replace(&mut self.is_there, false) && self.blocked_since.is_none() {
                return Err(Close::NotThere.into());
            }
            self.ping_at = now + limits.ping_time;
            if self.blocked_since.is_none() {
                self.socket.ping()?;
                self.begin_to_flush().await?;
            }
        }
        Ok(())
    }

    async fn judge_if_due(&mut self) -> Result<(), End> {
        if self.judge_at <= Instant::now() {
            let judged = self.bearer.judge_again(self.switch).await;
            judged.map_err(|fault| self.switch.refuse(fault, Close::AuthenticationFailed))?;
            self.judge_at = Instant::now() + self.bearer.judged_for(self.switch);
        }
        Ok(())
    }
}
