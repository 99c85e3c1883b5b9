//! `strongroom dev --gateway`: both in one process.

use crate::support::Safe;
use crate::support::process::DEMO;

#[test]
fn dev_with_a_gateway_serves_the_guide_and_keeps_what_dev_alone_then_reads() {
    let directory = tempfile::tempdir().unwrap();
    let read = format!("/v1.1/ibexsafe/userdata/external/{DEMO}");
    let body =
        format!(r#"{{"externalUserId":"{DEMO}","data":{{"language":"en","private.apiKey":"secret"}}}}"#);
    for _ in 0..2 {
        let dev = Safe::dev_gateway(directory.path());
        let mut client = dev.connect();
        let token = dev.access_token.clone();
        let written = client.authorized(&token, "POST", "/v1.1/ibexsafe/userdata", &body);
        assert_eq!((written.status, written.body.as_str()), (200, r#"{"success":true}"#));
        assert_eq!(client.authorized(&token, "GET", &read, "").body, r#"{"language":"en"}"#);
        assert_eq!(
            client.request("GET", "/.well-known/jwks.json", &[], "").status,
            404,
            "it is the gateway that answers"
        );
        let refresh = format!(r#"{{"refresh_token":"{}"}}"#, dev.refresh_token);
        let json = [("Content-Type", "application/json")];
        let refreshed = client.request("POST", "/v1.2/auth/refresh", &json, &refresh).json();
        let token = refreshed["access_token"].as_str().unwrap();
        assert_eq!(client.authorized(token, "GET", &read, "").body, r#"{"language":"en"}"#);
        let signed_up = client.request("GET", "/v1.2/auth/sign-up?passkeys=FALSE", &[], "");
        assert_eq!(signed_up.status, 200);
        let mut admin = dev.connect_admin();
        assert_eq!(admin.request("GET", "/readyz", &[], "").status, 200);
        let metrics = admin.request("GET", "/metrics", &[], "").body;
        for counted in [
            r#"{upstream="safe",route="/userdata/external/{id}",method="GET",outcome="2xx"} 2"#,
            r#"{upstream="identity",route="/{v}/auth/refresh",method="POST",outcome="2xx"} 1"#,
            r#"{upstream="identity",route="/{v}/auth/sign-up",method="GET",outcome="2xx"} 1"#,
        ] {
            let line = format!("strongroom_upstream_requests_total{counted}\n");
            assert!(metrics.contains(&line), "{line} in {metrics}");
        }
        drop((client, admin));
        let (status, log) = dev.stop();
        assert!(status.success(), "{log}");
    }
    let alone = Safe::dev(directory.path());
    let token = alone.access_token.clone();
    assert_eq!(alone.connect().authorized(&token, "GET", &read, "").body, r#"{"language":"en"}"#);
}
