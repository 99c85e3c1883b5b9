//! What every [`TokenIssuer`] must do.

use strongroom_ports::{Caller, CredentialId, Refusal, TenantId, TokenIssuer};

use super::granted;
use crate::sample;

/// Runs every rule of [`TokenIssuer`] for a person of `tenant`, which the issuer must serve.
///
/// # Panics
///
/// At the first rule that the issuer breaks.
pub fn token_issuer(issuer: &dyn TokenIssuer, tenant: &TenantId) {
    let caller = Caller { tenant: tenant.clone(), ..sample::fresh_caller("issuer") };
    let session = sample::fresh_session_id();
    let pair = granted("a pair is issued", issuer.issue(&caller, &session, None));
    let other = granted("a pair is issued", issuer.issue(&caller, &session, None));

    assert!(pair.access_lifetime_s > 0, "an access token is good for some time");
    // Not `assert_ne!`: a token must not end up in a test's output either.
    assert!(pair.access != pair.refresh, "the two tokens of a pair differ");
    assert!(pair.access != other.access && pair.refresh != other.refresh, "no two pairs are alike");
    assert!(pair.refresh_hash != other.refresh_hash, "the hash of a refresh token is its own");

    let read = granted("a refresh token is read", issuer.read_refresh(pair.refresh.as_str()));
    assert!(read.caller == caller, "a refresh token says whose it is");
    assert!(read.session == session, "a refresh token says which session it belongs to");
    assert!(read.hash == pair.refresh_hash, "a refresh token hashes to what was said when it was issued");
    assert!(read.credential.is_none(), "a session that began without a passkey has none");
    let credential = CredentialId::new(&[0, 1, 254, 255]);
    let with = granted("a pair is issued", issuer.issue(&caller, &session, credential.as_ref()));
    let with = granted("a refresh token is read", issuer.read_refresh(with.refresh.as_str()));
    assert!(with.credential == credential, "a refresh token says which passkey its session began with");
    refuses(issuer, "an access token", pair.access.as_str());
    for (what, text) in
        [("the empty text", ""), ("a word", "token"), ("three empty parts", ".."), ("three parts", "a.b.c")]
    {
        refuses(issuer, what, text);
    }
    let token = pair.refresh.as_str();
    refuses(issuer, "a token cut off", &token[..token.len() - 1]);
    refuses(issuer, "a token with more behind it", &format!("{token}x"));
    let parts: Vec<_> = token.split('.').collect();
    for part in 0..parts.len() {
        let mut changed: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
        changed[part] = with_middle_changed(&changed[part]);
        refuses(issuer, "a token changed in the middle of a part", &changed.join("."));
    }

    let key_set = issuer.key_set();
    let key_set = String::from_utf8_lossy(&key_set);
    assert!(
        key_set.starts_with('{') && key_set.contains("\"keys\""),
        "public keys come as a JSON Web Key Set"
    );
    for private in ["\"d\"", "\"k\"", "\"p\"", "\"q\""] {
        assert!(!key_set.contains(private), "a key set holds no private member of a key");
    }
    let printed = format!("{pair:?} {issuer:?}");
    for token in [&pair.access, &pair.refresh] {
        assert!(!printed.contains(token.as_str()), "a token is never printed");
    }
}

#[track_caller]
fn refuses(issuer: &dyn TokenIssuer, what: &str, text: &str) {
    assert_eq!(issuer.read_refresh(text).err(), Some(Refusal::Invalid), "{what} is no refresh token");
}

/// Not the last letter: some of its bits may mean nothing.
fn with_middle_changed(part: &str) -> String {
    let middle = part.len() / 2;
    let letter = if part.as_bytes().get(middle) == Some(&b'A') { 'B' } else { 'A' };
    part.char_indices().map(|(at, old)| if at == middle { letter } else { old }).collect()
}
