//! What every [`Authenticator`] must do.

use strongroom_ports::{Authenticator, Principal, Refusal, SessionId, Verdict};

use super::granted;

/// Runs every rule of [`Authenticator`] that holds for any: `good` is a token that it must take for `principal`.
///
/// # Panics
///
/// At the first rule that the authenticator breaks.
pub async fn authenticator(authenticator: &dyn Authenticator, good: &str, principal: &Principal) {
    // Twice: the second answer may come from a cache.
    for _ in 0..2 {
        match judge(authenticator, good).await {
            Verdict::Known(known) => assert!(*known == *principal, "a good token speaks for its person"),
            other => panic!("a good token is known: {}", kind(&other)),
        }
    }
    let long = "x".repeat(100_000);
    let (cut, more, spaced) = (&good[..good.len() - 1], format!("{good}x"), format!(" {good}"));
    for (what, text) in [
        ("the empty text", ""),
        ("a space", " "),
        ("a word", "token"),
        ("dots", ".."),
        ("three parts", "a.b.c"),
        ("a text outside ASCII", "pé.\u{1f512}.\0"),
        ("a long text", &long),
        ("a token cut off", cut),
        ("a token with more behind it", &more),
        ("a token with a space before it", &spaced),
        ("a token in upper case", &good.to_uppercase()),
    ] {
        if text == good {
            continue;
        }
        let verdict = judge(authenticator, text).await;
        assert!(!matches!(verdict, Verdict::Known(_)), "{what} speaks for nobody");
    }
    let after = judge(authenticator, good).await;
    assert!(matches!(after, Verdict::Known(_)), "bad tokens do not make a good one worse: {}", kind(&after));
    assert!(!format!("{authenticator:?}").contains(good), "a token is never printed");
}

/// Runs the rule of [`Authenticator::forget`]: the caller has authenticated `token` once, then revoked its session where
/// sessions are kept.
///
/// # Panics
///
/// When the authenticator breaks the rule.
pub async fn authenticator_after_revocation(
    authenticator: &dyn Authenticator,
    token: &str,
    session: &SessionId,
) {
    authenticator.forget(session);
    let verdict = judge(authenticator, token).await;
    let refused = verdict == Verdict::Refused(Refusal::Invalid);
    assert!(refused, "a token of a revoked session is refused once it is forgotten: {}", kind(&verdict));
}

async fn judge(authenticator: &dyn Authenticator, token: &str) -> Verdict {
    granted("what a token says is never an error", authenticator.authenticate(token).await)
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Known(_) => "known",
        Verdict::Refused(Refusal::Expired) => "expired",
        Verdict::Refused(Refusal::Invalid) => "invalid",
        Verdict::NotMine => "not mine",
    }
}
