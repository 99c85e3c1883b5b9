//! One socket's life: authentication, the burst, then whatever comes first, from the client or from the record.
//!
//! One task a socket, and in it one wait at a time.

use bytes::BytesMut;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::clients_word::ClientsWord;
use super::close::Close;
use super::end::End;
use super::handshake::Switch;
use super::live::{Event, Live};
use super::opening::{Bearer, Refused};
use super::pace::MessagePace;
use super::servers_word::Fault;
use super::socket::{Received, Socket};
use crate::connection::begun;
use crate::deadlines::Phase;
use crate::stream::Stream;
use crate::wire::Wire;

/// Serves a socket until it ends, its token does, or the drain ends it. `before`: what has been read of the stream behind the
/// handshake. `held`: let go when it is over.
pub(crate) async fn serve(
    switch: Switch,
    (stream, before): (Stream, BytesMut),
    wire: &Wire,
    mut drain: watch::Receiver<bool>,
    held: impl Send,
) {
    // From here on every wait has a clock of its own.
    wire.enter(Phase::Busy);
    let mut socket = Socket::new(stream, before, &switch.sockets.limits).await;
    let end = match Box::pin(run(&switch, &mut socket, &mut drain)).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    match end {
        End::Ours(close, last) => {
            switch.sockets.closed(close);
            Box::pin(socket.finish(last, Some(close), wire)).await;
        }
        End::Theirs => Box::pin(socket.finish(None, None, wire)).await,
        End::Gone => {}
    }
    drop(held);
}

enum Never {}

async fn run(switch: &Switch, socket: &mut Socket, drain: &mut watch::Receiver<bool>) -> Result<Never, End> {
    let now = Instant::now();
    let mut pace = MessagePace::new(switch.sockets.limits.messages_per_s, now);
    let by = now + switch.sockets.limits.auth_time;
    let bearer = tokio::select! {
        biased;
        () = begun(drain) => return Err(Close::GoingAway.into()),
        bearer = timeout_at(by, authenticate(switch, socket, &mut pace)) => {
            bearer.map_err(|_| End::from(Close::NotAuthenticated))??
        }
    };
    let person = switch.api.people.record_id(&bearer.principal.caller);
    let Some(_of_person) = switch.sockets.enter_as(person) else {
        return Err(switch.refuse(Fault::TOO_MANY_CONNECTIONS, Close::TooManySockets));
    };
    let mut live = Live::begin(switch, socket, bearer, pace).await?;
    loop {
        live.write().await?;
        if live.tell().await? {
            continue;
        }
        tokio::select! {
            biased;
            () = begun(drain) => return Err(Close::GoingAway.into()),
            event = live.next_event() => handle(&mut live, event).await?,
        }
    }
}

/// Waits for the first message, which must say for whom the client speaks.
async fn authenticate(switch: &Switch, socket: &mut Socket, pace: &mut MessagePace) -> Result<Bearer, End> {
    loop {
        let received = socket.receive().await;
        if !pace.admits(Instant::now()) {
            return Err(Close::TooManyMessages.into());
        }
        let word = match received {
            Received::Sign => continue,
            Received::Text(text) => ClientsWord::take(text).ok(),
            Received::Fault(Close::NotText) => None,
            other => return Err(other.into()),
        };
        let Some(ClientsWord::Auth(token)) = word else {
            return Err(switch.refuse(Fault::AUTH_REQUIRED, Close::AuthenticationFailed));
        };
        return Bearer::of(token, switch).await.map_err(|refused| match refused {
            Refused::Token(fault) => switch.refuse(fault, Close::AuthenticationFailed),
            Refused::Unavailable => switch.refuse(Fault::UNAVAILABLE, Close::Internal),
        });
    }
}

async fn handle(live: &mut Live<'_>, event: Event) -> Result<(), End> {
    match event {
        Event::Written(written) => {
            written?;
            live.blocked_since = None;
            Ok(())
        }
        Event::Received(received) => live.take(received).await,
        Event::Rung(ago) => {
            let now = Instant::now();
            live.news_since = Some(now.checked_sub(ago).unwrap_or(now));
            Ok(())
        }
        Event::Time => live.be_on_time().await,
    }
}
