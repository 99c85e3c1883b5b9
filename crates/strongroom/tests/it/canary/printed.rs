//! Printing: what `Debug` and `Display` of the public types and errors give is searched for the marks.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use strongroom_app::{Confirmed, KeyNames, OwnPasskey, SignedIn, SignedInByPasskey};
use strongroom_domain::{
    EmailAddress, Envelope, ExternalUserId, Key, Limits, Number, Outcome, Patch, Record, Revision, Text,
};
use strongroom_jwt::{Algorithm, ForeignIssuer, ForeignKeys, IssuerKind, SigningKeys};
use strongroom_ports::{
    Caller, ChainId, Commit, CredentialId, DueMail, Event, EventBody, Export, IdentityAct, IdentityCall,
    MadePasskey, Mail, MailId, NewConfirmation, NewCredential, NewSession, PassedOn, PasskeyNames, Plaintext,
    Principal, Pseudonym, RecordId, RefreshClaims, RefreshHash, SealedRecord, SessionEntry, SessionId,
    Snapshot, StoredCredential, TenantId, Token, TokenPair, VerbAnswer, VerbCall, Verdict, WalletAddress,
};
use strongroom_seal::{EnvelopeSealer, Keyring, SystemRandomness};
use strongroom_testkit::sample;

use super::marks::Marks;
use super::{
    KEY_NAME, PERSON, PRIVATE_KEY, PRIVATE_NUMBER, PRIVATE_VALUE, PUBLIC_KEY, PUBLIC_VALUE, STRAY, body, hex,
    members, private_member,
};
use crate::support::foreign_token;

#[test]
fn no_public_type_prints_a_mark() {
    let mut marks = Marks::of_texts();
    let mut printed = Printed::default();
    print_rules(&mut printed);
    print_ports(&mut printed, &mut marks);
    print_accounts(&mut printed, &mut marks);
    print_remote(&mut printed, &mut marks);
    print_key_holders(&mut printed, &mut marks);
    assert!(printed.0.contains("Patch { readable: 1, write_only: 2 }"), "{}", printed.0);
    let found = marks.found_in(printed.0.as_bytes());
    assert!(found.is_empty(), "{found:?} in:\n{}", printed.0);
}

#[test]
fn no_error_repeats_what_it_refuses() {
    let mut printed = Printed::default();
    for name in
        [format!("{STRAY} x"), format!("Private.{STRAY}"), format!("safe.{STRAY}"), format!("{STRAY}.")]
    {
        printed.error(Key::parse(&name));
        printed.error(Patch::new().set(&name, true.into()));
        printed.error(Envelope::from_json(body(&format!(r#""{name}":1"#)).as_bytes()));
        printed.error(EmailAddress::parse(&format!("{name}@")));
    }
    printed.error(marked_patch().delete(PRIVATE_KEY));
    printed.error(Text::new(format!("{PRIVATE_VALUE}\0")));
    printed.error(Number::parse(&format!("{PRIVATE_NUMBER}0.1")));
    printed.error(ExternalUserId::parse(&format!("{PERSON}/")));
    printed.error(TenantId::parse(&format!("{STRAY}/")));
    for text in
        [format!(r#"{{"version":1,"{STRAY}":1}}"#), format!(r#"{{"version":"{STRAY}"}}"#), STRAY.into()]
    {
        printed.error(Envelope::from_json(text.as_bytes()));
        printed.error(Keyring::parse(text.as_bytes()));
        printed.error(SigningKeys::parse(text.as_bytes()));
    }
    let found = Marks::of_texts().found_in(printed.0.as_bytes());
    assert!(found.is_empty(), "{found:?} in:\n{}", printed.0);
}

/// What `Debug` and `Display` gave.
#[derive(Default)]
struct Printed(String);

impl Printed {
    fn debug(&mut self, it: &dyn Debug) {
        write!(self.0, "{it:?}\n{it:#?}\n").unwrap();
    }

    fn error<T>(&mut self, refused: Result<T, impl Error>) {
        let error = refused.err().unwrap();
        writeln!(self.0, "{error}").unwrap();
        self.debug(&error);
    }
}

fn print_rules(printed: &mut Printed) {
    let (record, outcome) = marked_record();
    printed.debug(&[sample::number(PRIVATE_NUMBER), sample::text(PRIVATE_VALUE)]);
    printed.debug(&(Number::parse(PRIVATE_NUMBER), Text::new(PRIVATE_VALUE)));
    printed.debug(&[Key::parse(PUBLIC_KEY), Key::parse(PRIVATE_KEY)]);
    printed.debug(&record.readable().iter().collect::<Vec<_>>());
    printed.debug(&record.write_only().names().collect::<Vec<_>>());
    printed.debug(&(record.readable(), record.view(), outcome, marked_patch(), sample::person(PERSON)));
    printed.debug(&Envelope::from_json(body(&private_member()).as_bytes()));
}

fn print_ports(printed: &mut Printed, marks: &mut Marks) {
    let text = foreign_token(PERSON);
    let hash = RefreshHash::from_bytes(*b"refresh-hash-canary-0123456789ab");
    let session = SessionId::from_bytes(*b"session-9-canary");
    let id = RecordId::from_bytes(*b"record-id-canary-0123456789abcde");
    marks.add_token("token", &text);
    marks.add("refresh hash", hash.as_bytes());
    marks.add("session", session.as_bytes());
    marks.add("session", session.to_string());
    marks.add("record id", id.as_bytes());
    marks.add("record id", hex(id.as_bytes()));

    let at = sample::now();
    let caller = Caller { tenant: sample::tenant(sample::TENANT), person: sample::person(PERSON) };
    let credential = CredentialId::new(b"credential-id-canary").unwrap();
    marks.add("credential", b"credential-id-canary");
    let principal = Principal {
        caller: caller.clone(),
        session: Some(session),
        credential: Some(credential.clone()),
        expires_at: at,
    };
    let tokens = TokenPair {
        access: Token::new(text.clone()),
        access_lifetime_s: 1,
        refresh: Token::new(text),
        refresh_hash: hash,
        lapses_at: at,
    };
    printed.debug(&(&principal, Verdict::Known(Arc::new(principal.clone()))));
    printed.debug(&SignedIn { caller: caller.clone(), tokens });
    printed.debug(&RefreshClaims { caller, session, credential: Some(credential), hash });
    printed.debug(&NewSession {
        id: session,
        owner: id,
        credential: None,
        refresh: hash,
        created_at: at,
        lapses_at: at,
    });

    let (record, _) = marked_record();
    let revision = Revision::first(sample::fresh_generation());
    printed.debug(&Snapshot { view: record.view(), tag: Some(revision.into()) });
    printed.debug(&Export {
        revision,
        created_at: at,
        updated_at: at,
        view: record.view(),
        write_only: record.write_only().names().cloned().collect(),
    });
    printed.debug(&Plaintext::new(PRIVATE_VALUE.into()));
    printed.debug(&SealedRecord {
        revision,
        wrapped_key: PRIVATE_KEY.into(),
        public_box: PUBLIC_VALUE.into(),
        private_box: Some(PRIVATE_VALUE.into()),
    });
    let write_id = sample::fresh_write_id();
    printed.debug(&Commit {
        expected: None,
        revision,
        wrapped_key: Some(PRIVATE_KEY.into()),
        public_box: PUBLIC_VALUE.into(),
        private_box: Some(PRIVATE_VALUE.into()),
        event: PUBLIC_VALUE.into(),
        write_id,
    });
    printed.debug(&Event { revision, write_id, body: EventBody::Written(PUBLIC_VALUE.into()) });
}

/// Passkeys, addresses, codes and mails.
fn print_accounts(printed: &mut Printed, marks: &mut Marks) {
    let id = CredentialId::new(b"another-credential-canary").unwrap();
    let pseudonym = Pseudonym::from_bytes(*b"pseudonym-canary-0123456789abcde");
    let mail = MailId::from_bytes(*b"mail-id-9-canary");
    let owner = RecordId::from_bytes(*b"record-id-canary-0123456789abcde");
    marks.add("credential", id.as_bytes());
    for bytes in [&pseudonym.as_bytes()[..], mail.as_bytes(), owner.as_bytes()] {
        marks.add("keyed hash or id", bytes);
        marks.add("keyed hash or id", hex(bytes));
    }
    let (at, sealed) = (sample::now(), Bytes::from(PRIVATE_VALUE));
    let caller = Caller { tenant: sample::tenant(sample::TENANT), person: sample::person(PERSON) };
    let text = foreign_token(PERSON);
    marks.add_token("token", &text);
    let token = || Token::new(text.clone());
    let key_names = || KeyNames { key_name: Some(KEY_NAME.into()), key_display_name: Some(KEY_NAME.into()) };
    let names = PasskeyNames {
        user_name: Some(PERSON.into()),
        user_display_name: Some(PERSON.into()),
        key_name: Some(KEY_NAME.into()),
        key_display_name: Some(KEY_NAME.into()),
    };
    printed.debug(&(&names, key_names()));
    printed.debug(&MadePasskey { id: id.clone(), verifier: sealed.clone(), names });
    printed.debug(&OwnPasskey { id: id.clone(), names: key_names(), created_at: at, is_current: true });
    let session = Some(SessionId::from_bytes(*b"session-canary-0"));
    printed.debug(&NewCredential { name: pseudonym, owner, sealed: sealed.clone(), created_at: at, session });
    printed.debug(&StoredCredential {
        name: pseudonym,
        owner,
        edition: 1,
        sealed: sealed.clone(),
        created_at: at,
    });
    printed.debug(&SessionEntry {
        id: SessionId::from_bytes(*b"session-9-canary"),
        credential: Some(pseudonym),
        created_at: at,
        refreshed_at: None,
        lapses_at: at,
    });
    let tokens = TokenPair {
        access: token(),
        access_lifetime_s: 1,
        refresh: token(),
        refresh_hash: RefreshHash::from_bytes(*b"refresh-hash-canary-0123456789ab"),
        lapses_at: at,
    };
    printed.debug(&SignedInByPasskey {
        signed_in: SignedIn { caller: caller.clone(), tokens },
        names: key_names(),
        wallets: [(ChainId::parse("1").unwrap(), WalletAddress::new(STRAY.into()))].into(),
    });

    let address = EmailAddress::parse(&format!("{STRAY}@{STRAY}.example")).unwrap();
    printed.debug(&(&address, address.in_small_letters()));
    let (code, key) = (PRIVATE_NUMBER, Key::parse(PRIVATE_KEY).unwrap());
    printed.debug(&Confirmed { address: &address, code, key, news: Some(true), notifications: None });
    printed.debug(&Mail { to: STRAY.into(), subject: STRAY.into(), text: PRIVATE_VALUE.into() });
    printed.debug(&NewConfirmation {
        owner,
        address: pseudonym,
        code: pseudonym,
        mail,
        sealed_mail: sealed.clone(),
        created_at: at,
        expires_at: at,
    });
    printed.debug(&DueMail { id: mail, owner, sealed, attempts: 1 });
}

/// What goes on to a safe or an identity service elsewhere, and what comes back.
fn print_remote(printed: &mut Printed, marks: &mut Marks) {
    let (token, text) = (foreign_token(PERSON), Bytes::from(PRIVATE_VALUE));
    marks.add_token("token", &token);
    let client = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let passed_on = PassedOn { token: &token, request_id: "1", trace_parent: None, client };
    printed.debug(&(passed_on, VerbCall { path: PERSON, body: Some(&text), listed: None }));
    printed.debug(&VerbAnswer { status: 200, body: text.clone(), is_problem: false, retry_after_s: None });
    for act in [IdentityAct::Make { query: PERSON }, IdentityAct::Send { body: Some(&text) }] {
        printed.debug(&IdentityCall {
            path: PERSON,
            act,
            tenant: None,
            origin: None,
            fetch_site: None,
            token: Some(&token),
            client,
            request_id: "1",
            trace_parent: None,
        });
    }
}

fn print_key_holders(printed: &mut Printed, marks: &mut Marks) {
    let keyring = Keyring::generate(&SystemRandomness, sample::now());
    let signing_keys = SigningKeys::generate(sample::now(), &SystemRandomness).unwrap();
    marks.add_keys("keyring", &keyring.to_json());
    marks.add_keys("signing keys", signing_keys.to_json().as_bytes());
    printed.debug(&(&keyring, keyring.key_checks(), signing_keys));
    printed.debug(&EnvelopeSealer::new(keyring));
    printed.debug(&ForeignIssuer {
        issuer: "https://id.shop.example".into(),
        audience: vec!["strongroom".into()],
        keys: ForeignKeys::Secret(PRIVATE_VALUE.as_bytes().to_vec().into()),
        algorithms: vec![Algorithm::HS256],
        kind: IssuerKind::Bound {
            subject_claim: "sub".into(),
            token_type: None,
            tenant: sample::tenant(sample::TENANT),
        },
    });
}

fn marked_patch() -> Patch {
    Envelope::from_json(body(&members()).as_bytes()).unwrap().data
}

fn marked_record() -> (Record, Outcome) {
    let mut record = Record::new();
    let outcome = record.apply(&marked_patch(), &Limits::default()).unwrap();
    (record, outcome)
}
