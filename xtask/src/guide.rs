//! The walk-through of the public user-data guide, sections 1–3 and 5, as requests and the answers it promises.
//!
//! A transcript and nothing more: it opens no socket. Bodies are the guide's own. Where the guide shows no
//! body (section 5), the contract's form of an error is asked for: a problem with `code` and `message`.

/// The demo person, whose id is the guide's.
pub(crate) const PERSON: &str = "c76302cb-f845-40f4-9c56-29710323afba";
/// All of them are the same API.
pub(crate) const VERSIONS: &[&str] = &["v1", "v1.1", "v1.2"];

/// One request and what comes back.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Where the guide has it, and what it shows.
    pub(crate) title: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: Path,
    pub(crate) token: Token,
    pub(crate) body: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) answer: Expected,
}

/// Under `/{version}/ibexsafe`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path {
    /// `userdata`
    Data,
    /// `userdata/external/{PERSON}`
    Person,
    /// `userdata/external/{somebody else}`
    Stranger,
}

/// What stands in `Authorization`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Token {
    Good,
    Broken,
    None,
}

/// What the body of the answer must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    Nothing,
    /// Equal as JSON; the guide's answers are printed for people, with line breaks.
    Json(&'static str),
    /// A problem with a `code` and a `message`, the latter with this word if one is given.
    Problem(Option<&'static str>),
}

const SUCCESS: Expected = Expected::Json(r#"{"success":true}"#);

const STORED: Expected = Expected::Json(
    r#"{
      "email": "jane.doe@foo.domain",
      "firstName": "Jane",
      "lastName": "Doe",
      "language": "en",
      "optin.newsletter": true,
      "optin.walletAlerts": true
    }"#,
);

/// In this order, on a person of whom nothing is known; ends where it began once the record is erased.
pub(crate) const WALK: &[Exchange] = &[
    erase("start: nothing is known of the person"),
    read("5: no data yet is no error", 204, Expected::Nothing),
    write(
        "1: store",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "email": "jane.doe@foo.domain",
            "firstName": "Jane",
            "lastName": "Doe",
            "language": "en",
            "optin.newsletter": true,
            "optin.walletAlerts": true,
            "private.apiKey": "secret-api-key-12345"
          }
        }"#,
        200,
        SUCCESS,
    ),
    read("2: read, without what is write-only", 200, STORED),
    write(
        "2: read by POST",
        r#"{"externalUserId": "c76302cb-f845-40f4-9c56-29710323afba", "data": {}}"#,
        200,
        STORED,
    ),
    write(
        "1: user profile",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "email": "jane.doe@foo.domain",
            "firstName": "Jane",
            "lastName": "Doe",
            "phone": "+33612345678",
            "language": "en"
          }
        }"#,
        200,
        SUCCESS,
    ),
    write(
        "1: opt-in preferences",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "optin.newsletter": true,
            "optin.walletAlerts": true,
            "optin.marketing": false
          }
        }"#,
        200,
        SUCCESS,
    ),
    write(
        "1: private data",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "private.apiKey": "secret-key-12345",
            "private.encryptionKey": "encrypted-data-here",
            "private.customSecret": "sensitive-information"
          }
        }"#,
        200,
        SUCCESS,
    ),
    read(
        "2: read all that was stored",
        200,
        Expected::Json(
            r#"{
              "email": "jane.doe@foo.domain",
              "firstName": "Jane",
              "lastName": "Doe",
              "phone": "+33612345678",
              "language": "en",
              "optin.newsletter": true,
              "optin.walletAlerts": true,
              "optin.marketing": false
            }"#,
        ),
    ),
    write(
        "3: partial update",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "language": "fr",
            "optin.newsletter": false
          }
        }"#,
        200,
        SUCCESS,
    ),
    write(
        "3: delete keys",
        r#"{
          "externalUserId": "c76302cb-f845-40f4-9c56-29710323afba",
          "data": {
            "phone": null,
            "optin.marketing": null
          }
        }"#,
        200,
        SUCCESS,
    ),
    read(
        "3: the other keys remain",
        200,
        Expected::Json(
            r#"{
              "email": "jane.doe@foo.domain",
              "firstName": "Jane",
              "lastName": "Doe",
              "language": "fr",
              "optin.newsletter": false,
              "optin.walletAlerts": true
            }"#,
        ),
    ),
    Exchange { token: Token::None, ..read("5: no token", 401, Expected::Problem(Some("Unauthorized"))) },
    Exchange {
        token: Token::Broken,
        ..read("5: a broken token", 401, Expected::Problem(Some("Unauthorized")))
    },
    write("5: a malformed body", r#"{"externalUserId": "c76302cb"#, 400, Expected::Problem(None)),
    write(
        "5: another person, by POST",
        r#"{"externalUserId": "00000000-0000-4000-8000-000000000000", "data": {"language": "de"}}"#,
        400,
        Expected::Problem(None),
    ),
    Exchange { path: Path::Stranger, ..read("5: another person, by GET", 400, Expected::Problem(None)) },
    erase("end: the record is erased"),
    read("5: nor is what was erased", 204, Expected::Nothing),
];

const fn read(title: &'static str, status: u16, answer: Expected) -> Exchange {
    Exchange { title, method: "GET", path: Path::Person, token: Token::Good, body: None, status, answer }
}

const fn write(title: &'static str, body: &'static str, status: u16, answer: Expected) -> Exchange {
    Exchange { title, method: "POST", path: Path::Data, token: Token::Good, body: Some(body), status, answer }
}

const fn erase(title: &'static str) -> Exchange {
    Exchange {
        title,
        method: "DELETE",
        path: Path::Person,
        token: Token::Good,
        body: None,
        status: 204,
        answer: Expected::Nothing,
    }
}

impl Path {
    /// The path under an API version.
    pub(crate) fn under(self, version: &str) -> String {
        match self {
            Self::Data => format!("/{version}/ibexsafe/userdata"),
            Self::Person => format!("/{version}/ibexsafe/userdata/external/{PERSON}"),
            Self::Stranger => {
                format!("/{version}/ibexsafe/userdata/external/00000000-0000-4000-8000-000000000000")
            }
        }
    }
}

impl Exchange {
    /// Why this answer is not the promised one; nothing when it is. Never repeats what the server sent.
    pub(crate) fn objection(&self, status: u16, body: &[u8]) -> Option<String> {
        if status != self.status {
            return Some(format!("status {status} instead of {}", self.status));
        }
        let json = || serde_json::from_slice::<serde_json::Value>(body).ok();
        match self.answer {
            Expected::Nothing => (!body.is_empty()).then(|| "a body where none belongs".to_owned()),
            Expected::Json(expected) => {
                let same = json().is_some() && json() == serde_json::from_str(expected).ok();
                (!same).then(|| "another body".to_owned())
            }
            Expected::Problem(word) => {
                let problem = json().unwrap_or_default();
                let text = |member| problem.get(member).and_then(serde_json::Value::as_str);
                let sound = text("code").is_some()
                    && text("message").is_some_and(|message| word.is_none_or(|word| message.contains(word)));
                (!sound).then(|| "not the problem that was promised".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_of_the_walk_is_json_where_it_says_so() {
        for exchange in WALK {
            if let Expected::Json(json) = exchange.answer {
                assert_eq!(exchange.objection(exchange.status, json.as_bytes()), None, "{}", exchange.title);
            }
        }
    }

    #[test]
    fn an_answer_that_shows_a_private_key_is_objected_to() {
        let read = read("", 200, STORED);
        let Expected::Json(stored) = STORED else { panic!("the guide's answer is JSON") };
        let leaking = stored.replacen('{', r#"{"private.apiKey":"secret-api-key-12345","#, 1);
        assert!(read.objection(200, leaking.as_bytes()).is_some());
        assert!(read.objection(204, b"").is_some());
        assert!(read.objection(200, b"").is_some());
    }

    #[test]
    fn a_problem_needs_its_code_its_message_and_the_word() {
        let refused = read("", 401, Expected::Problem(Some("Unauthorized")));
        assert_eq!(refused.objection(401, br#"{"code":"c","message":"Unauthorized."}"#), None);
        assert!(refused.objection(401, br#"{"code":"c","message":"No."}"#).is_some());
        assert!(refused.objection(401, br#"{"message":"Unauthorized."}"#).is_some());
        assert!(refused.objection(401, b"").is_some());
    }
}
