//! What a socket does with what its client says.

use tokio::time::Instant;
use zeroize::Zeroizing;

use super::client_message::ClientMessage;
use super::close::Close;
use super::end::End;
use super::live::Live;
use super::opening::{Bearer, Refused};
use super::server_message::{self as say, Fault};
use super::socket::Received;

impl Live<'_> {
    pub(super) async fn take(&mut self, received: Received) -> Result<(), End> {
        self.is_there = true;
        if matches!(received, Received::Text(_) | Received::Sign) && !self.pace.admits(Instant::now()) {
            return Err(Close::TooManyMessages.into());
        }
        let text = match received {
            Received::Sign => return Ok(()),
            Received::Text(text) => text,
            other => return Err(other.into()),
        };
        self.stop_waiting_for_resume();
        match ClientMessage::read(&text) {
            Ok(ClientMessage::Resume { .. } | ClientMessage::GetUserData { .. } | ClientMessage::Auth(_))
                if !self.may_ask() =>
            {
                self.queue.push_back(say::error(Fault::TOO_MANY_REQUESTS, self.switch.now()));
            }
            Ok(ClientMessage::Resume { since }) => self.resume(&since).await?,
            Ok(ClientMessage::Auth(token)) => self.speak_for(token).await?,
            Ok(ClientMessage::Ping) => self.queue.push_back(say::pong(self.switch.now())),
            Ok(ClientMessage::GetUserData { request_id }) => self.show_record(request_id.as_deref()).await?,
            Ok(ClientMessage::Unknown) => {
                self.queue.push_back(say::error(Fault::UNKNOWN_TYPE, self.switch.now()));
            }
            Err(_) => self.queue.push_back(say::error(Fault::MALFORMED, self.switch.now())),
        }
        Ok(())
    }

    /// Whether the person is within the rate of all their requests: the safe is asked for this as for those.
    fn may_ask(&self) -> bool {
        self.switch.sockets.rate.admits(&self.bearer.principal.caller, Instant::now())
    }

    /// Takes a fresh token of the same person.
    async fn speak_for(&mut self, token: Zeroizing<String>) -> Result<(), End> {
        let asked = self.bearer.meanwhile(self.switch, Bearer::of(token, self.switch)).await;
        let bearer = match asked.map_err(|fault| self.switch.refuse_token(fault))? {
            Ok(bearer) => bearer,
            Err(Refused::Token(fault)) => return Err(self.switch.refuse_token(fault)),
            Err(Refused::Unavailable) => {
                self.queue.push_back(say::error(Fault::AUTH_UNAVAILABLE, self.switch.now()));
                return Ok(());
            }
        };
        if bearer.principal.caller != self.bearer.principal.caller {
            return Err(self.switch.refuse_token(Fault::OTHER_PERSON));
        }
        self.bearer = bearer;
        self.welcome(&["auth_success"]).await
    }

    /// Tells again what came after a version, or that it cannot.
    async fn resume(&mut self, since: &str) -> Result<(), End> {
        // What is owed is more than what came after a version.
        if self.owes_record {
            return self.resync().await;
        }
        let asked = self.bearer.meanwhile(self.switch, self.followed.resume(since)).await;
        match asked.map_err(|fault| self.switch.refuse_token(fault))? {
            Ok(true) => {
                self.news_since.get_or_insert_with(Instant::now);
                Ok(())
            }
            Ok(false) => self.resync().await,
            Err(problem) => {
                self.queue.push_back(say::error(Fault::UNAVAILABLE, self.switch.now()));
                self.owe_record(&problem)
            }
        }
    }
}
