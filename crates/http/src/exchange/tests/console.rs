//! The console as it is served: what each answer carries, and that it is nothing where it is off.

use http::header::{IF_NONE_MATCH, ORIGIN};

use super::*;

/// The surface with the console.
fn surface_with_console() -> Exchange {
    let surface = surface();
    let mut api = Arc::into_inner(surface.api).unwrap();
    api.has_console = true;
    let metrics = Arc::new(Metrics::new(api.places.clone(), &api.safe.verbs()));
    Exchange::new(Arc::new(api), metrics).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_console_is_served_with_a_policy_that_lets_it_load_its_own_files_and_nothing_else() {
    let surface = surface_with_console();
    for (path, media_type) in [
        ("/console", "text/html; charset=utf-8"),
        ("/console/app.js", "text/javascript; charset=utf-8"),
        ("/console/tokens.css", "text/css; charset=utf-8"),
        ("/console/icon.svg", "image/svg+xml"),
    ] {
        let answer = send(&surface, anonymous("GET", path), "").await;
        assert_eq!(answer.status, 200, "{path}");
        for (name, value) in [
            ("content-type", media_type),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        let directives: Vec<_> = policy.split("; ").collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(directives.contains(&directive), "{path}: {directive}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_holds_a_file_of_the_console_is_told_so_until_it_is_another() {
    let surface = surface_with_console();
    let with_id = |method, path| anonymous(method, path).header("x-request-id", "same");
    let page = send(&surface, with_id("GET", "/console"), "").await;
    let tag = page.header("etag").unwrap();
    let held = send(&surface, with_id("GET", "/console").header(IF_NONE_MATCH, tag), "").await;
    assert_eq!((held.status.as_u16(), held.header("etag"), &*held.text), (304, Some(tag), ""));
    assert_eq!(held.header("cache-control"), Some("no-cache"));
    let other = send(&surface, with_id("GET", "/console/app.js").header(IF_NONE_MATCH, tag), "").await;
    assert_eq!(other.status, 200);
    assert_ne!(other.header("etag"), Some(tag));
    let bodiless = send(&surface, with_id("HEAD", "/console"), "").await;
    assert_eq!((bodiless.status, bodiless.headers), (page.status, page.headers));
}

#[tokio::test(start_paused = true)]
async fn the_console_is_not_found_where_it_is_off_whatever_is_asked_of_it() {
    let (on, off) = (surface_with_console(), surface());
    for path in ["/console", "/console/app.js", "/console/other.js", "/console/"] {
        for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS"] {
            assert_eq!(send(&off, anonymous(method, path), "").await.status, 404, "{method} {path}");
        }
    }
    for (method, path, status) in [
        ("POST", "/console", 405),
        ("DELETE", "/console/app.js", 405),
        ("OPTIONS", "/console", 204),
        ("GET", "/console/other.js", 404),
        ("GET", "/console/", 404),
        ("GET", "/console/index.html", 404),
    ] {
        let answer = send(&on, anonymous(method, path), "").await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_console_is_shown_at_any_origin_and_to_no_page_of_another() {
    let surface = surface_with_console();
    for path in ["/console", "/console/app.js"] {
        let request = anonymous("GET", path).header(ORIGIN, "https://elsewhere.example");
        let answer = send(&surface, request, "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubtful_head_gets_no_console() {
    let surface = surface_with_console();
    for request in [
        anonymous("GET", "/console").header(HOST, "two.example"),
        anonymous("GET", "/console").header("content-encoding", "gzip"),
    ] {
        let answer = send(&surface, request, "").await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
        assert_eq!(answer.header("content-security-policy"), None);
    }
}
