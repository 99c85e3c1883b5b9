//! Answers that hand out tokens. Each is overwritten when it has been sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use strongroom_app::{KeyNames, SignedIn, SignedInByPasskey};
use strongroom_domain::PublicView;
use strongroom_ports::{ChainId, WalletAddress, scrubbed};

use crate::answer::{self, Body};
use crate::problem::Problem;

/// What stands in an answer to a sign-in whose data could not be read.
pub(crate) const USERDATA_UNAVAILABLE: &str = "userdata_unavailable";

/// The token part of every auth answer.
#[derive(Serialize)]
pub(crate) struct TokenAnswer<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    issuer: &'a str,
    audience: &'a str,
    subject: &'a str,
    roles: [&'static str; 1],
}

impl<'a> TokenAnswer<'a> {
    pub(crate) fn of(signed_in: &'a SignedIn) -> Self {
        let SignedIn { caller, tokens } = signed_in;
        Self {
            access_token: tokens.access.as_str(),
            refresh_token: tokens.refresh.as_str(),
            token_type: "Bearer",
            expires_in: tokens.access_lifetime_s,
            issuer: caller.tenant.as_str(),
            audience: caller.tenant.as_str(),
            subject: caller.person.as_str(),
            roles: ["USER"],
        }
    }
}

/// The whole answer to a sign-up or a sign-in.
pub(crate) struct AuthAnswer<'a> {
    signed_in: &'a SignedIn,
    /// What the passkey is called; `None` where there is no passkey.
    passkey: Option<&'a KeyNames>,
    /// The wallets that it owns; `None` where there is no passkey.
    wallets: Option<&'a BTreeMap<ChainId, WalletAddress>>,
    chain_id: Option<u64>,
    userdata: Userdata,
}

/// What an answer says of the person's data.
pub(crate) enum Userdata {
    /// Nothing: it was not asked for.
    NotAsked,
    /// The readable map; empty where there is none.
    Read(PublicView),
    /// That the safe does not answer.
    Unavailable,
}

impl<'a> AuthAnswer<'a> {
    /// For a person without a passkey.
    pub(crate) fn without_passkey(signed_in: &'a SignedIn) -> Self {
        Self { signed_in, passkey: None, wallets: None, chain_id: None, userdata: Userdata::NotAsked }
    }

    /// For a person who has made or shown one.
    pub(crate) fn by_passkey(by: &'a SignedInByPasskey, chain_id: Option<u64>, userdata: Userdata) -> Self {
        let SignedInByPasskey { signed_in, names, wallets } = by;
        Self { signed_in, passkey: Some(names), wallets: Some(wallets), chain_id, userdata }
    }

    pub(crate) fn response(&self) -> Result<Response<Body>, Problem> {
        let userdata = match &self.userdata {
            Userdata::Read(view) => {
                Some(serde_json::from_str(view.as_json()).map_err(|_| Problem::Internal)?)
            }
            _ => None,
        };
        let warnings = matches!(self.userdata, Userdata::Unavailable).then_some([USERDATA_UNAVAILABLE]);
        response(&Document {
            tokens: TokenAnswer::of(self.signed_in),
            auth_method: "PASSKEY",
            has_passkey: self.passkey.is_some(),
            key_name: self.passkey.and_then(|names| names.key_name.as_deref()),
            key_display_name: self.passkey.and_then(|names| names.key_display_name.as_deref()),
            chain_id: self.chain_id,
            safe_address: SafeAddresses(self.wallets),
            userdata,
            warnings,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    tokens: TokenAnswer<'a>,
    auth_method: &'static str,
    has_passkey: bool,
    key_name: Option<&'a str>,
    key_display_name: Option<&'a str>,
    chain_id: Option<u64>,
    safe_address: SafeAddresses<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userdata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<[&'static str; 1]>,
}

/// Decimal chain id → address; an empty object where there are none.
pub(crate) struct SafeAddresses<'a>(pub(crate) Option<&'a BTreeMap<ChainId, WalletAddress>>);

impl Serialize for SafeAddresses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wallets = self.0.into_iter().flatten();
        serializer.collect_map(wallets.map(|(chain, address)| (chain.to_string(), address.as_str())))
    }
}

/// An answer with tokens in it.
pub(crate) fn response(document: &impl Serialize) -> Result<Response<Body>, Problem> {
    let body = serde_json::to_vec(document).map_err(|_| Problem::Internal)?;
    Ok(answer::ready_json(StatusCode::OK, scrubbed(Bytes::from(body)), "application/json"))
}
