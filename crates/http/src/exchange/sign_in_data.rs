//! The one thing that a gateway adds to `auth/…`: the person's data in the answer to a sign-in that asks for it.
//!
//! The service behind is not asked for data, and what it calls data is never passed on: the safe has it. A token that the service
//! hands out is believed when our own authenticator knows it, like any other.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use strongroom_domain::PublicView;
use strongroom_ports::{Principal, TenantId, Token, VerbAnswer, scrubbed};

use super::Exchange;
use crate::api::{Provenance, Safe, passed_on};
use crate::auth_answer::USERDATA_UNAVAILABLE;
use crate::bearer;
use crate::problem::Problem;

const ASKED: &str = "includeUserdata";
const DATA: &str = "userdata";
const WARNINGS: &str = "warnings";
const TOKEN: &str = "access_token";

/// The body of a sign-in as it goes on, and whether it asked for data.
pub(super) fn take_question(text: Bytes) -> Result<(Bytes, bool), Problem> {
    let mut members: Members<'_> = serde_json::from_slice(&text).map_err(|_| Problem::JsonMalformed)?;
    let mut asked = members.take(ASKED).into_iter();
    let asks = match asked.next().map(RawValue::get) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::JsonShape),
    };
    if asked.next().is_some() {
        return Err(Problem::JsonDuplicate);
    }
    let rest = asks.then(|| members.text());
    Ok((rest.unwrap_or(text), asks))
}

impl Exchange {
    /// The answer to a sign-in, with our own word on the person's data and no other.
    pub(super) async fn with_userdata(
        &self,
        answer: VerbAnswer,
        (asks, tenant): (bool, &TenantId),
        (head, provenance): (&Parts, Provenance<'_>),
        who: &mut Option<Arc<Principal>>,
    ) -> VerbAnswer {
        if !(200..300).contains(&answer.status) {
            return answer;
        }
        // What is no object names no token.
        let Ok(mut members) = serde_json::from_slice::<Members<'_>>(&answer.body) else { return answer };
        let theirs = members.take(DATA);
        let tokens = members.all(TOKEN);
        if !asks || tokens.is_empty() {
            return if theirs.is_empty() { answer } else { with_body(&answer, members.text()) };
        }
        let view = match <[&RawValue; 1]>::try_from(tokens) {
            Ok([token]) => self.data_of(token, tenant, (head, provenance), who).await,
            Err(_) => None,
        };
        let body = if let Some(view) = &view {
            members.text_with(DATA, view.as_json())
        } else {
            members.take(WARNINGS);
            members.text_with(WARNINGS, &format!("[\"{USERDATA_UNAVAILABLE}\"]"))
        };
        with_body(&answer, body)
    }

    /// What the safe lets the person read whom a fresh token speaks for; `None` when that cannot be found out.
    async fn data_of(
        &self,
        token: &RawValue,
        tenant: &TenantId,
        (head, provenance): (&Parts, Provenance<'_>),
        who: &mut Option<Arc<Principal>>,
    ) -> Option<PublicView> {
        let Safe::Remote { safe, .. } = &self.api.safe else { return None };
        let token = Token::new(serde_json::from_str(token.get()).ok()?);
        let principal = bearer::judge(&*self.api.authenticator, token.as_str()).await.ok()?;
        if principal.caller.tenant != *tenant {
            return None;
        }
        let caller = &who.insert(principal).caller;
        let request = passed_on(head, token.as_str(), provenance);
        let snapshot = safe.on_behalf(request).read(caller).await.ok()?;
        Some(snapshot.map_or_else(PublicView::empty, |snapshot| snapshot.view))
    }
}

fn with_body(answer: &VerbAnswer, body: Bytes) -> VerbAnswer {
    VerbAnswer { body, ..answer.clone() }
}

/// The members of an object in their order, each value as it stands in the text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    fn all(&self, name: &str) -> Vec<&'a RawValue> {
        self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| *value).collect()
    }

    /// Takes out every member of a name.
    fn take(&mut self, name: &str) -> Vec<&'a RawValue> {
        let taken = self.all(name);
        self.0.retain(|(own, _)| own != name);
        taken
    }

    fn text(&self) -> Bytes {
        self.written(None)
    }

    /// The object with one more member, of JSON text.
    fn text_with(&self, name: &str, value: &str) -> Bytes {
        self.written(Some((name, value)))
    }

    fn written(&self, more: Option<(&str, &str)>) -> Bytes {
        let own = self.0.iter().map(|(name, value)| (name.as_str(), value.get()));
        let mut text = String::new();
        for (name, value) in own.chain(more) {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(&serde_json::Value::from(name).to_string());
            text.push(':');
            text.push_str(value);
        }
        text.push_str(if text.is_empty() { "{}" } else { "}" });
        scrubbed(text.into())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
