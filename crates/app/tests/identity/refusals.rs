//! What is answered when sessions cannot be kept or tokens cannot be signed: nobody gets a token that nothing backs.

use std::sync::Arc;

use futures_executor::block_on;
use strongroom_app::{Identity, IdentityError, SignUpQuota};
use strongroom_ports::{
    IssueError, MockAuthenticator, MockSessionStore, MockTokenIssuer, Principal, RefreshClaims, StoreError,
    Timestamp, TokenIssuer,
};
use strongroom_testkit::fake::{CountingRandomness, ManualClock, TransparentSealer, TransparentTokenIssuer};
use strongroom_testkit::sample;

use crate::doubles::open_tenant;

/// An identity whose authenticator must not be told anything.
fn identity(issuer: impl TokenIssuer + 'static, sessions: MockSessionStore) -> Identity {
    Identity::new(
        Arc::new(issuer),
        Arc::new(MockAuthenticator::new()),
        Arc::new(sessions),
        Arc::new(TransparentSealer::new()),
        Arc::new(ManualClock::default()),
        Arc::new(CountingRandomness::new()),
        SignUpQuota::new(1, 1),
    )
}

fn claims() -> RefreshClaims {
    let (session, hash) = (sample::fresh_session_id(), sample::fresh_refresh_hash());
    RefreshClaims { caller: sample::caller(), session, credential: None, hash }
}

#[test]
fn while_sessions_cannot_be_kept_nobody_gets_tokens() {
    for refusal in [StoreError::Unavailable, StoreError::Unknown, StoreError::Damaged] {
        let mut sessions = MockSessionStore::new();
        sessions.expect_open().times(1).returning(move |_| Err(refusal));
        sessions.expect_rotate().times(1).returning(move |_, _, _, _, _| Err(refusal));
        let identity = identity(TransparentTokenIssuer::new(), sessions);
        let sign_up = block_on(identity.sign_up_without_passkey(&open_tenant(), false));
        assert_eq!(sign_up.unwrap_err(), IdentityError::Unavailable);
        let refresh = block_on(identity.refresh(claims()));
        assert_eq!(refresh.unwrap_err(), IdentityError::Unavailable);
    }
}

#[test]
fn a_session_that_could_not_be_ended_is_not_said_to_be() {
    let mut sessions = MockSessionStore::new();
    sessions.expect_revoke().times(1).returning(|_| Err(StoreError::Unavailable));
    let identity = identity(TransparentTokenIssuer::new(), sessions);
    let session = Some(sample::fresh_session_id());
    let expires_at = Timestamp::from_millis(i64::MAX);
    let principal = Principal { caller: sample::caller(), session, credential: None, expires_at };
    assert_eq!(block_on(identity.sign_out(&principal)), Err(IdentityError::Unavailable));
}

#[test]
fn a_token_that_cannot_be_signed_begins_no_session_and_spends_no_other_token() {
    let mut issuer = MockTokenIssuer::new();
    issuer.expect_issue().returning(|_, _, _| Err(IssueError));
    let mut sessions = MockSessionStore::new();
    sessions.expect_open().never();
    sessions.expect_rotate().never();
    let identity = identity(issuer, sessions);
    let sign_up = block_on(identity.sign_up_without_passkey(&open_tenant(), false));
    assert_eq!(sign_up.unwrap_err(), IdentityError::Unavailable);
    assert_eq!(block_on(identity.refresh(claims())).unwrap_err(), IdentityError::Unavailable);
}
