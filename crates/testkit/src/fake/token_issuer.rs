//! A token issuer that signs nothing: its tokens are plain text.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use strongroom_domain::ExternalUserId;
use strongroom_ports::{
    Caller, CredentialId, IssueError, RefreshClaims, RefreshHash, Refusal, SessionId, TenantId, Token,
    TokenIssuer, TokenPair,
};

use super::checksum;
use crate::sample;

/// As the contract on the wire has it: one hour for access, a day for refresh.
const ACCESS_LIFETIME_S: u64 = 3_600;
const REFRESH_LIFETIME: Duration = Duration::from_hours(24);

/// A stand-in for a [`TokenIssuer`]: its tokens say who they are for in plain text, and **anyone can make one**. They
/// never expire. For tests of what is done with tokens.
#[derive(Debug, Default)]
pub struct TransparentTokenIssuer {
    issued: AtomicU64,
}

impl TransparentTokenIssuer {
    /// An issuer without a key: it needs none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenIssuer for TransparentTokenIssuer {
    fn issue(
        &self,
        caller: &Caller,
        session: &SessionId,
        credential: Option<&CredentialId>,
    ) -> Result<TokenPair, IssueError> {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let credential = credential.map_or_else(String::new, |id| hex(id.as_bytes()));
        let token = |kind: &str| {
            let (tenant, person) = (caller.tenant.as_str(), caller.person.as_str());
            let claims = format!("{kind}/{tenant}/{person}/{session}/{credential}/{number}");
            format!("{claims}/{:016x}", checksum(3, &[claims.as_bytes()]))
        };
        let refresh = token("refresh");
        Ok(TokenPair {
            access: Token::new(token("access")),
            access_lifetime_s: ACCESS_LIFETIME_S,
            refresh_hash: hash(&refresh),
            refresh: Token::new(refresh),
            lapses_at: sample::now().plus(REFRESH_LIFETIME),
        })
    }

    fn read_refresh(&self, token: &str) -> Result<RefreshClaims, Refusal> {
        read(token).ok_or(Refusal::Invalid)
    }

    fn key_set(&self) -> Bytes {
        Bytes::from_static(br#"{"keys":[]}"#)
    }
}

fn read(token: &str) -> Option<RefreshClaims> {
    let (claims, check) = token.rsplit_once('/')?;
    if check != format!("{:016x}", checksum(3, &[claims.as_bytes()])) {
        return None;
    }
    let [kind, tenant, person, session, credential, _number] =
        <[&str; 6]>::try_from(claims.split('/').collect::<Vec<_>>()).ok()?;
    if kind != "refresh" {
        return None;
    }
    let caller =
        Caller { tenant: TenantId::parse(tenant).ok()?, person: ExternalUserId::parse(person).ok()? };
    let (session, credential) = (SessionId::parse(session)?, CredentialId::new(&from_hex(credential)?));
    Some(RefreshClaims { caller, session, credential, hash: hash(token) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(digits).collect()
}

fn hash(token: &str) -> RefreshHash {
    let mut bytes = [0; 32];
    for (seed, chunk) in (4..).zip(bytes.chunks_mut(8)) {
        chunk.copy_from_slice(&checksum(seed, &[token.as_bytes()]).to_be_bytes());
    }
    RefreshHash::from_bytes(bytes)
}
