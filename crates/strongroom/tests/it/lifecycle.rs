//! Starting and stopping: ports are ours alone, SIGTERM finishes what is in hand, sessions outlive a restart.

use crate::support::process::{DEMO, strongroom};
use crate::support::{Client, Safe, World, comes_true, wire};

#[test]
fn sigterm_turns_readiness_off_finishes_what_is_in_hand_and_exits_with_0() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    assert_eq!(safe.connect_admin().request("GET", "/readyz", &[], "").status, 200);
    assert_eq!(safe.connect_admin().request("GET", "/healthz", &[], "").status, 200);
    assert_eq!(safe.connect_admin().request("GET", "/other", &[], "").status, 404);

    // One request in hand: the server has its head, asks for its body, and does not get it yet.
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"last":"words"}}}}"#);
    let authorization = format!("Bearer {}", safe.access_token);
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
        ("Expect", "100-continue"),
    ];
    let request = wire::request("POST", "/v1/ibexsafe/userdata", &headers, &body);
    let (head, body) = request.split_at(request.len() - body.len());
    let mut client = safe.connect();
    client.send(head);
    assert_eq!(client.receive("HEAD").status, 100);
    // One connection that only waits.
    let mut idle = safe.connect();
    assert_eq!(idle.request("GET", "/health", &[], "").status, 200);

    safe.signal("TERM");
    assert!(idle.is_closed(), "an idle connection is closed by the drain");
    assert_eq!(safe.connect_admin().request("GET", "/readyz", &[], "").status, 503);
    // Each core closes its own socket; after the last, nothing more is accepted.
    let refused = || std::net::TcpStream::connect(safe.address).is_err();
    assert!(comes_true(refused), "nothing more is accepted");
    client.send(body);
    let answer = client.receive("POST");
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    let (status, log) = safe.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn requests_that_had_arrived_when_sigterm_came_are_answered() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    // Stopped, the process takes nothing in: everything waits in the kernel, the signal with it.
    safe.signal("STOP");
    let mut clients: Vec<Client> = (0..100).map(|_| safe.connect()).collect();
    for client in &mut clients {
        client.send(&wire::request("GET", "/health", &[], ""));
    }
    safe.signal("TERM");
    safe.signal("CONT");
    for (number, client) in clients.iter_mut().enumerate() {
        let answer = client.try_receive("GET").unwrap_or_else(|error| panic!("client {number}: {error}"));
        assert_eq!(answer.status, 200);
    }
    assert_eq!(safe.wait().0.code(), Some(0));
}

#[test]
fn a_box_that_does_not_open_is_500_tells_nothing_and_can_be_erased() {
    let data = tempfile::tempdir().unwrap();
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    let body = format!(r#"{{"externalUserId":"{DEMO}","data":{{"language":"en"}}}}"#);
    let safe = Safe::dev(data.path());
    assert_eq!(
        safe.connect().authorized(&safe.access_token, "POST", "/v1/ibexsafe/userdata", &body).status,
        200
    );
    safe.stop();
    let database = rusqlite::Connection::open(data.path().join("store/strongroom.db")).unwrap();
    assert_eq!(database.execute("UPDATE records SET version = version + 1", []).unwrap(), 1);
    drop(database);

    let safe = Safe::dev(data.path());
    let mut client = safe.connect();
    for (method, path, body) in [("GET", path.as_str(), ""), ("POST", "/v1/ibexsafe/userdata", body.as_str())]
    {
        let answer = client.authorized(&safe.access_token, method, path, body);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("internal")), "{method}");
    }
    assert_eq!(client.authorized(&safe.access_token, "DELETE", &path, "").status, 204);
    assert_eq!(client.authorized(&safe.access_token, "GET", &path, "").status, 204);
}

#[test]
fn a_second_server_on_the_same_port_refuses_to_start() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let other = data.path().join("other");
    let output = strongroom()
        .args(["dev", "--listen", &safe.address.to_string(), "--data-dir"])
        .arg(&other)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("in use by another process"), "{said}");
    assert!(!other.exists(), "and leaves nothing behind");
}

#[test]
fn a_session_that_was_ended_stays_ended_after_a_restart_and_the_others_live_on() {
    let world = World::new("");
    let sign_up =
        |safe: &Safe| safe.connect().request("GET", "/v1/auth/sign-up?passkeys=FALSE", &[], "").json();
    let read = |safe: &Safe, who: &serde_json::Value| {
        let path = format!("/v1/ibexsafe/userdata/external/{}", who["subject"].as_str().unwrap());
        safe.connect().authorized(who["access_token"].as_str().unwrap(), "GET", &path, "").status
    };
    let safe = world.serve();
    let (stays, leaves) = (sign_up(&safe), sign_up(&safe));
    assert_eq!((read(&safe, &stays), read(&safe, &leaves)), (204, 204));
    let token = leaves["access_token"].as_str().unwrap();
    assert_eq!(safe.connect().authorized(token, "POST", "/v1/auth/sign-out", "").status, 200);
    assert_eq!((read(&safe, &stays), read(&safe, &leaves)), (204, 401), "at once, though it was remembered");
    safe.kill();
    let safe = world.serve();
    assert_eq!((read(&safe, &stays), read(&safe, &leaves)), (204, 401));
}

#[test]
fn of_16_uses_of_a_refresh_token_at_most_one_wins() {
    let data = tempfile::tempdir().unwrap();
    let safe = Safe::dev(data.path());
    let request = wire::request(
        "POST",
        "/v1/auth/refresh",
        &[("Content-Type", "application/json")],
        &format!(r#"{{"refresh_token":"{}"}}"#, safe.refresh_token),
    );
    // Sixteen connections, all there before the first byte is sent.
    let mut clients: Vec<Client> = (0..16).map(|_| safe.connect()).collect();
    for client in &mut clients {
        client.send(&request);
    }
    let answers: Vec<_> = clients.iter_mut().map(|client| client.receive("POST")).collect();
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)), "{answers:?}");
    // Used once more after the winner's commit, the family ends, whatever came of the race.
    assert_eq!(
        safe.connect()
            .request(
                "POST",
                "/v1/auth/refresh",
                &[("Content-Type", "application/json")],
                &format!(r#"{{"refresh_token":"{}"}}"#, safe.refresh_token)
            )
            .status,
        401
    );
    let token = winners[0].json()["access_token"].as_str().unwrap().to_owned();
    let path = format!("/v1/ibexsafe/userdata/external/{DEMO}");
    assert_eq!(safe.connect().authorized(&token, "GET", &path, "").status, 401);
}
