//! One socket's life: authentication, the burst, then whatever comes first, from the client or from the record.
//!
//! One task a socket, and in it one wait at a time.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::Relaxed;

use bytes::BytesMut;
use futures_util::FutureExt;
use strongroom_ports::RecordId;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::client_message::ClientMessage;
use super::close::Close;
use super::end::End;
use super::handshake::Switch;
use super::live::Live;
use super::opening::{Bearer, Refused};
use super::pace::MessagePace;
use super::server_message::Fault;
use super::socket::{Received, Socket};
use crate::access_log::{self, SocketLine};
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
    let (began, mut person) = (Instant::now(), None);
    let mut socket = Socket::new(stream, before, &switch.sockets.limits).await;
    let life = Box::pin(AssertUnwindSafe(live(&switch, &mut socket, &mut person)).catch_unwind());
    let end = tokio::select! {
        biased;
        () = begun(&mut drain) => Close::GoingAway.into(),
        ended = life => match ended {
            Ok(Err(end)) => end,
            Ok(Ok(never)) => match never {},
            Err(_) => {
                switch.metrics.panics.fetch_add(1, Relaxed);
                Close::Internal.into()
            }
        },
    };
    if access_log::is_kept() {
        access_log::write_socket(&SocketLine {
            duration: began.elapsed(),
            client: switch.client,
            request_id: &switch.request_id,
            person,
            close: if let End::Ours(close, _) = &end { Some(close.code()) } else { None },
        });
    }
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

/// Lives up to its end. `who`: for whom it speaks, once that is known.
async fn live(switch: &Switch, socket: &mut Socket, who: &mut Option<RecordId>) -> Result<Never, End> {
    let now = Instant::now();
    let mut pace = MessagePace::new(switch.sockets.limits.messages_per_s, now);
    let by = now + switch.sockets.limits.auth_time;
    let token = timeout_at(by, hear_token(switch, socket, &mut pace)).await;
    let token = token.map_err(|_| Close::NotAuthenticated)??;
    let bearer = Box::pin(Bearer::of(token, switch)).await.map_err(|refused| match refused {
        Refused::Token(fault) => switch.refuse_token(fault),
        Refused::Unavailable => switch.refuse(Fault::AUTH_UNAVAILABLE, Close::Internal),
    })?;
    let person = *who.insert(switch.api.people.record_id(&bearer.principal.caller));
    let Some(_of_person) = switch.sockets.enter_as(person) else {
        return Err(switch.refuse(Fault::TOO_MANY_CONNECTIONS, Close::TooManySockets));
    };
    let mut live = Box::pin(Live::begin(switch, socket, bearer, pace)).await?;
    loop {
        live.step().await?;
    }
}

/// Waits for the first message, which must say for whom the client speaks.
async fn hear_token(
    switch: &Switch,
    socket: &mut Socket,
    pace: &mut MessagePace,
) -> Result<Zeroizing<String>, End> {
    loop {
        let received = socket.receive().await;
        if !pace.admits(Instant::now()) {
            return Err(Close::TooManyMessages.into());
        }
        let message = match received {
            Received::Sign => continue,
            Received::Text(text) => ClientMessage::read(&text).ok(),
            Received::Fault(Close::NotText) => None,
            other => return Err(other.into()),
        };
        return match message {
            Some(ClientMessage::Auth(token)) => Ok(token),
            _ => Err(switch.refuse_token(Fault::AUTH_REQUIRED)),
        };
    }
}
