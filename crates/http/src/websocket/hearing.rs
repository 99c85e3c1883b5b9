//! What a socket does with what its client says.

use tokio::time::Instant;
use zeroize::Zeroizing;

use super::clients_word::ClientsWord;
use super::close::Close;
use super::end::End;
use super::live::Live;
use super::opening::{Bearer, Refused};
use super::servers_word::{self as say, Fault};
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
        self.resume_until = None;
        match ClientsWord::take(text) {
            Ok(ClientsWord::Resume { since }) => self.resume(&since).await?,
            Ok(ClientsWord::Auth(token)) => self.speak_for(token).await?,
            Ok(ClientsWord::Ping) => self.queue.push_back(say::pong(self.switch.now())),
            Ok(ClientsWord::GetUserData { request_id }) => self.show_record(request_id.as_deref()).await?,
            Ok(ClientsWord::Unknown) => {
                self.queue.push_back(say::error(Fault::UNKNOWN_TYPE, self.switch.now()));
            }
            Err(_) => self.queue.push_back(say::error(Fault::MALFORMED, self.switch.now())),
        }
        Ok(())
    }

    /// Takes a fresh token of the same person.
    async fn speak_for(&mut self, token: Zeroizing<String>) -> Result<(), End> {
        let bearer = match Bearer::of(token, self.switch).await {
            Ok(bearer) => bearer,
            Err(Refused::Token(fault)) => return Err(self.switch.refuse(fault, Close::AuthenticationFailed)),
            Err(Refused::Unavailable) => {
                self.queue.push_back(say::error(Fault::UNAVAILABLE, self.switch.now()));
                return Ok(());
            }
        };
        if bearer.principal.caller != self.bearer.principal.caller {
            return Err(self.switch.refuse(Fault::OTHER_PERSON, Close::AuthenticationFailed));
        }
        self.bearer = bearer;
        self.judge_at = Instant::now() + self.bearer.judged_for(self.switch);
        let wallets = self.bearer.wallets(self.switch).await;
        self.queue.push_back(say::welcome("auth_success", &wallets, self.switch.now()));
        Ok(())
    }

    /// Tells again what came after a version, or that it cannot.
    async fn resume(&mut self, since: &str) -> Result<(), End> {
        match self.followed.resume(since).await {
            // What is owed is more than what came after a version.
            Ok(true) if !self.owes_record => {
                self.news_since.get_or_insert_with(Instant::now);
                Ok(())
            }
            Ok(_) => self.resync().await,
            Err(problem) => {
                self.end_if_for_good(&problem)?;
                self.queue.push_back(say::error(Fault::UNAVAILABLE, self.switch.now()));
                Ok(())
            }
        }
    }
}
