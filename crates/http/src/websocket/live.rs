//! What a socket holds that speaks for somebody, and what it does by itself: tell, write, and be on time.
//!
//! While a frame waits for room nothing is read and nothing is told, so that a client that does not read costs what was told at
//! once and no more; what it missed is told as one change afterwards.

use std::collections::VecDeque;
use std::future::ready;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use serde_json::value::RawValue;
use strongroom_app::{Pace, Rung};
use strongroom_ports::Snapshot;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use super::close::Close;
use super::end::End;
use super::followed::{Followed, News};
use super::handshake::Switch;
use super::opening::{Bearer, wallets};
use super::pace::MessagePace;
use super::server_message::{self as say, Fault, Frame};
use super::socket::{Gone, Received, Socket};
use crate::problem::Problem;

/// How long the changes behind a first `user_data` wait for a `resume`, so that what it asks for comes before them. Any message
/// ends the wait.
const RESUME_TIME: Duration = Duration::from_millis(250);
/// When a safe that could not answer is asked again; each time later than the last, up to a limit.
pub(super) const RETRY_TIME: Duration = Duration::from_secs(2);
pub(super) const LONGEST_RETRY_TIME: Duration = Duration::from_secs(32);

/// A socket that speaks for somebody.
pub(super) struct Live<'s> {
    pub(super) switch: &'s Switch,
    socket: &'s mut Socket,
    pub(super) bearer: Bearer,
    pub(super) followed: Followed,
    pub(super) pace: MessagePace,
    /// What is to be written, behind what waits for room.
    pub(super) queue: VecDeque<Frame>,
    /// A frame that waits for room.
    blocked: Option<Blocked>,
    /// Whether one has waited since changes were told last.
    was_slow: bool,
    /// Whether the record is still to be shown whole: there was no answer, or no room for it, when it was to be.
    pub(super) owes_record: bool,
    /// Since when something may have happened.
    pub(super) news_since: Option<Instant>,
    /// Up to when it waits for a `resume`, if for any.
    resume_until: Option<Instant>,
    /// When a safe that could not answer may be asked again, and how long after that the next time.
    ask_again_at: Option<Instant>,
    retry_time: Duration,
    ping_at: Instant,
    /// Whether the client has said anything since it was asked last.
    pub(super) is_there: bool,
}

/// A frame that waits for room: since when, and how many had gone out before.
struct Blocked {
    since: Instant,
    frames_sent: u64,
}

/// What comes first.
enum Event {
    Written(Result<(), Gone>),
    Received(Received),
    Rung(Rung),
    Time,
    /// There is something to tell, and nothing else to do.
    News,
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
        let now = Instant::now();
        let mut live = Self {
            ping_at: now + switch.sockets.limits.ping_time,
            resume_until: None,
            ask_again_at: None,
            retry_time: RETRY_TIME,
            followed: Followed::begin(&switch.api, &bearer.principal.caller, asks),
            switch,
            socket,
            bearer,
            pace,
            queue: VecDeque::new(),
            blocked: None,
            was_slow: false,
            owes_record: false,
            news_since: None,
            is_there: true,
        };
        live.welcome(&["auth_success", "connection_success"]).await?;
        live.show_record(None).await?;
        live.resume_until = Some(Instant::now() + RESUME_TIME);
        Ok(live)
    }

    /// Writes what finds room, waits for whatever comes first, and does what that asks for.
    pub(super) async fn step(&mut self) -> Result<(), End> {
        self.write().await?;
        let event = self.next_event().await;
        // Boxed, as all that is not waiting: thousands of sockets wait.
        Box::pin(self.handle(event)).await
    }

    async fn handle(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Written(written) => {
                written?;
                self.blocked = None;
                Ok(())
            }
            Event::Received(received) => self.take(received).await,
            Event::Rung(rung) if rung.is_last() => Err(self.switch.refuse_token(Fault::ACCOUNT_CLOSED)),
            Event::Rung(rung) => {
                let now = Instant::now();
                self.news_since.get_or_insert(now.checked_sub(rung.since()).unwrap_or(now));
                Ok(())
            }
            Event::Time => self.be_on_time().await,
            Event::News => self.tell().await,
        }
    }

    /// Queues that the token was taken.
    pub(super) async fn welcome(&mut self, kinds: &[&str]) -> Result<(), End> {
        let principal = self.bearer.principal.clone();
        let wallets = self.bearer.meanwhile(self.switch, wallets(&principal, self.switch)).await;
        let wallets = wallets.map_err(|fault| self.switch.refuse_token(fault))?;
        self.queue.extend(kinds.iter().map(|kind| say::welcome(kind, &wallets, self.switch.now())));
        Ok(())
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
        let token = self.bearer.token();
        let asked = self.bearer.meanwhile(self.switch, self.followed.snapshot(&token)).await;
        let shown = match asked.map_err(|fault| self.switch.refuse_token(fault))? {
            Ok(snapshot) => self.record(snapshot.as_ref(), request_id),
            Err(problem) => Err(problem),
        };
        match shown {
            Ok(frame) => {
                self.queue.push_back(frame);
                (self.owes_record, self.ask_again_at, self.retry_time) = (false, None, RETRY_TIME);
            }
            Err(problem) => self.owe_record(&problem)?,
        }
        Ok(!self.owes_record)
    }

    /// Notes that the record is still to be shown.
    pub(super) fn owe_record(&mut self, problem: &Problem) -> Result<(), End> {
        self.owes_record = true;
        self.ask_again_later(problem)
    }

    /// The frame of a whole record. One of a safe elsewhere is as long as that safe likes, and counts until it is written.
    fn record(&self, snapshot: Option<&Snapshot>, request_id: Option<&RawValue>) -> Result<Frame, Problem> {
        let caller = &self.bearer.principal.caller;
        let frame = say::user_data(caller, snapshot, request_id, self.switch.now());
        self.switch.api.hold(frame.ok_or(Problem::Internal)?)
    }

    /// Has a safe that could not answer asked again after a while, later each time, and not by all at once: it may be coming back.
    /// What is stored and does not open is the end.
    fn ask_again_later(&mut self, problem: &Problem) -> Result<(), End> {
        if *problem == Problem::Internal {
            return Err(Close::Internal.into());
        }
        let asked = match problem {
            Problem::SafeBusy { retry_after_s } => Duration::from_secs((*retry_after_s).into()),
            _ => Duration::ZERO,
        };
        let now = Instant::now();
        self.news_since.get_or_insert(now);
        self.ask_again_at = Some(now + self.retry_time.max(asked));
        let spread = RandomState::new().hash_one(()) % 512;
        let next = self.retry_time * 2 + Duration::from_millis(spread);
        self.retry_time = next.min(LONGEST_RETRY_TIME);
        Ok(())
    }

    /// Writes what finds room.
    async fn write(&mut self) -> Result<(), End> {
        while self.blocked.is_none()
            && let Some(frame) = self.queue.pop_front()
        {
            self.socket.send(frame);
            self.begin_to_flush().await?;
        }
        Ok(())
    }

    async fn begin_to_flush(&mut self) -> Result<(), End> {
        // Pending must mean that there is no room, and not that this task has had its share of the processor.
        let flushed = poll!(pin!(unconstrained(self.socket.flushed())));
        match flushed {
            Poll::Ready(flushed) => flushed?,
            Poll::Pending => {
                self.blocked =
                    Some(Blocked { since: Instant::now(), frames_sent: self.socket.frames_sent() });
                self.was_slow = true;
            }
        }
        Ok(())
    }

    /// Lets what happened meanwhile be told: that it had to wait is no lag.
    pub(super) fn stop_waiting_for_resume(&mut self) {
        if self.resume_until.take().is_some() {
            self.news_since = self.news_since.map(|_| Instant::now());
        }
    }

    /// Whether what happened may be told now.
    fn may_tell(&self) -> bool {
        let is_idle = self.queue.is_empty() && self.blocked.is_none();
        is_idle && self.news_since.is_some() && self.resume_until.or(self.ask_again_at).is_none()
    }

    /// Queues what happened.
    async fn tell(&mut self) -> Result<(), End> {
        let Some(since) = self.news_since.take() else { return Ok(()) };
        if self.owes_record {
            if self.could_show_record(None).await? && self.followed.may_have_more() {
                // What a resume has asked for is still to be told.
                self.news_since = Some(Instant::now());
            }
            return Ok(());
        }
        let pace = if self.was_slow { Pace::Folded } else { Pace::Each };
        let token = self.bearer.token();
        let asked = self.bearer.meanwhile(self.switch, self.followed.next(pace, &token)).await;
        let news = match asked.map_err(|fault| self.switch.refuse_token(fault))? {
            Ok(news) => news,
            Err(problem) => {
                self.news_since = Some(since);
                return self.ask_again_later(&problem);
            }
        };
        (self.was_slow, self.retry_time) = (false, RETRY_TIME);
        if !news.is_empty() && self.followed.may_have_more() {
            self.news_since = Some(Instant::now());
        }
        for piece in news {
            self.queue_news(piece, since).await?;
        }
        Ok(())
    }

    async fn queue_news(&mut self, news: News, since: Instant) -> Result<(), End> {
        let now = self.switch.now();
        let frame = match news {
            News::Update { from, revision, changes } => {
                if from.is_some() {
                    self.switch.sockets.coalesced();
                }
                say::update(from, revision, &changes, now).ok_or(Close::Internal)?
            }
            News::Erased { generation } => say::erased(generation, now),
            News::Record(snapshot) => match self.record(Some(&snapshot), None) {
                Ok(frame) => frame,
                Err(problem) => return self.owe_record(&problem),
            },
            News::Gap => return self.resync().await,
        };
        self.queue.push_back(frame);
        self.switch.sockets.pushed(since.elapsed());
        Ok(())
    }

    /// Tells that what was missed can no longer be told, and begins anew.
    pub(super) async fn resync(&mut self) -> Result<(), End> {
        self.switch.sockets.resynced();
        self.queue.push_back(say::resync(self.switch.now()));
        self.show_record(None).await
    }

    /// Waits for whatever comes first. Nothing is lost when the wait is given up.
    async fn next_event(&mut self) -> Event {
        let wake_at = self.wake_at();
        let is_blocked = self.blocked.is_some();
        let may_tell = self.may_tell();
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
            rung = followed.rung() => Event::Rung(rung),
            () = sleep_until(wake_at) => Event::Time,
            () = ready(()), if may_tell => Event::News,
        }
    }

    /// When something must be done, whatever happens.
    fn wake_at(&self) -> Instant {
        let write_time = self.switch.sockets.limits.write_time;
        let blocked_until = self.blocked.as_ref().map(|blocked| blocked.since + write_time);
        let [resume_until, ask_again_at] =
            [self.resume_until, self.ask_again_at].map(|at| at.filter(|_| self.news_since.is_some()));
        let others = [blocked_until, resume_until, ask_again_at].into_iter().flatten();
        others.fold(self.bearer.judged_until.min(self.ping_at), Instant::min)
    }

    async fn be_on_time(&mut self) -> Result<(), End> {
        let judged = self.bearer.judge_if_due(self.switch).await;
        judged.map_err(|fault| self.switch.refuse_token(fault))?;
        let now = Instant::now();
        if self.resume_until.is_some_and(|until| until <= now) {
            self.stop_waiting_for_resume();
        }
        self.ask_again_at.take_if(|at| *at <= now);
        let limits = &self.switch.sockets.limits;
        if let Some(blocked) =
            self.blocked.as_mut().filter(|blocked| blocked.since + limits.write_time <= now)
        {
            let frames_sent = self.socket.frames_sent();
            if blocked.frames_sent == frames_sent {
                return Err(Close::SlowReader.into());
            }
            *blocked = Blocked { since: now, frames_sent };
        }
        if self.ping_at <= now {
            self.ping_at = now + limits.ping_time;
            if self.followed.may_have_more() {
                // Should a ring ever have been lost, this is when it is noticed.
                self.news_since.get_or_insert(now);
            }
            // A frame that waits for room asks enough, and has its own time.
            if self.blocked.is_none() {
                if !std::mem::replace(&mut self.is_there, false) {
                    return Err(Close::NotThere.into());
                }
                self.socket.ping()?;
                self.begin_to_flush().await?;
            }
        }
        Ok(())
    }
}
