//! A wall clock that jumps while the safe serves, by hours and by years, forwards and back.
//!
//! Tokens and sessions are judged by the clock, whatever it says, and lapsed sessions are kept for a week. Versions go on by
//! one, and what waits is counted in seconds that the wall clock has no part in.

use serde_json::json;

use super::shim::Shim;
use super::teller::no_defect;
use crate::support::{Client, Safe, World};

const HOUR_S: i64 = 3600;
const YEAR_S: i64 = 365 * 24 * HOUR_S;

/// Somebody who has signed up, with the tokens they were given last.
struct Visitor {
    person: String,
    access: String,
    refresh: String,
}

impl Visitor {
    fn sign_up(safe: &Safe) -> Self {
        let answer =
            safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[("Host", "localhost")], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
        Self { person: text("subject"), access: text("access_token"), refresh: text("refresh_token") }
    }

    fn refresh(&mut self, safe: &Safe) -> u16 {
        let headers = [("Host", "localhost"), ("Content-Type", "application/json")];
        let body = json!({ "refresh_token": self.refresh }).to_string();
        let answer = safe.connect().request("POST", "/v1/auth/refresh", &headers, &body);
        if answer.status == 200 {
            let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
            (self.access, self.refresh) = (text("access_token"), text("refresh_token"));
        }
        answer.status
    }

    /// The version that a write makes, or the status that refuses it.
    fn write(&self, safe: &Safe, value: i64) -> Result<u64, u16> {
        let body = json!({ "externalUserId": self.person, "data": { "value": value } }).to_string();
        let answer = safe.connect().authorized(&self.access, "POST", "/v1/ibexsafe/userdata", &body);
        let version = answer.header("etag").and_then(|etag| etag.trim_matches('"').split('.').nth(1));
        if answer.status == 200 { Ok(version.unwrap().parse().unwrap()) } else { Err(answer.status) }
    }

    fn read(&self, safe: &Safe) -> String {
        let path = format!("/v1/ibexsafe/userdata/external/{}", self.person);
        safe.connect().authorized(&self.access, "GET", &path, "").body
    }
}

#[test]
fn tokens_are_judged_by_a_clock_that_jumps_and_writes_go_on() {
    let world = World::new("");
    let (safe, shim) = serve(&world);
    let mut early = Visitor::sign_up(&safe);
    assert_eq!(early.write(&safe, 1), Ok(1));
    let first_token = early.access.clone();

    shim.shift_clock(2 * HOUR_S);
    assert_eq!(early.write(&safe, 2), Err(401), "expired by this clock");
    assert_eq!(early.refresh(&safe), 200, "the refresh token has a day");
    assert_eq!(early.write(&safe, 2), Ok(2));

    shim.shift_clock(0);
    early.access = first_token;
    assert_eq!(early.write(&safe, 3), Ok(3), "it is an hour before its end again");
    assert_eq!(early.read(&safe), r#"{"value":3}"#);

    for (round, years) in (4..).zip([30, -30, 150, -10]) {
        shim.shift_clock(years * YEAR_S);
        let visitor = Visitor::sign_up(&safe);
        assert_eq!(visitor.write(&safe, round), Ok(1), "{years} years");
        assert_eq!(visitor.write(&safe, round + 1), Ok(2), "{years} years");
        assert_eq!(visitor.read(&safe), format!(r#"{{"value":{}}}"#, round + 1), "{years} years");
        shim.shift_clock(0);
        assert_eq!(visitor.write(&safe, 0), Err(401), "a token of {years} years from here");
    }
    // Sessions that had lapsed for more than a week by then were swept out meanwhile: whoever is gone signs up again.
    let late = Visitor::sign_up(&safe);
    assert_eq!(late.write(&safe, 1), Ok(1));
    end(safe);
}

#[test]
fn a_clock_that_was_ahead_by_days_has_ended_no_session_once_it_is_right() {
    let world = World::new("");
    let (safe, shim) = serve(&world);
    let mut early = Visitor::sign_up(&safe);
    shim.shift_clock(6 * 24 * HOUR_S);
    assert_eq!(early.refresh(&safe), 401, "lapsed by this clock");
    // Its write takes along what may be forgotten.
    let mut late = Visitor::sign_up(&safe);
    assert_eq!(late.refresh(&safe), 200);
    shim.shift_clock(0);
    assert_eq!(early.write(&safe, 1), Ok(1));
    assert_eq!(early.refresh(&safe), 200);
    assert_eq!(early.write(&safe, 2), Ok(2));
    end(safe);
}

#[test]
fn what_waits_is_not_cut_off_by_a_clock_that_jumps_nor_let_go() {
    let world = World::new("[limits]\nhead_s = 2\n");
    let (safe, shim) = serve(&world);
    let mut idle = safe.connect();
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200);
    let mut slow = half_a_head(&safe);
    shim.shift_clock(50 * YEAR_S);
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200, "it was idle for a moment");
    assert_eq!(slow.receive("GET").status, 408);
    let mut slow = half_a_head(&safe);
    shim.shift_clock(-YEAR_S);
    assert_eq!(slow.receive("GET").status, 408, "by seconds of its own");
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200);
    end(safe);
}

fn half_a_head(safe: &Safe) -> Client {
    let mut client = safe.connect();
    client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n");
    client
}

fn serve(world: &World) -> (Safe, Shim) {
    let shim = Shim::new(&world.path("page"), &world.data());
    let safe = Safe::try_serve(shim.strongroom(), &world.config());
    (safe.unwrap_or_else(|(_, log)| panic!("{log}")), shim)
}

fn end(safe: Safe) {
    let (status, log) = safe.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    no_defect(&log);
}
