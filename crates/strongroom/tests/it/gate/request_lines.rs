//! Methods, targets, versions.

use super::{Case, answered, get_with, malformed, refused};

/// Targets that two readers could read differently.
const ODD_TARGETS: [&str; 62] = [
    "/health\\",
    "/\\health",
    "/health?a\\b",
    "/%2e",
    "/%2E",
    "/%2e%2e/health",
    "/.%2e/health",
    "/a%2fb",
    "/a%2Fb",
    "/%2f",
    "/a%5cb",
    "/a%5Cb",
    "/health%00",
    "/health?a=%00",
    "/%00",
    "//health",
    "//",
    "/v1//ibexsafe/limits",
    "/v1/ibexsafe//limits",
    "/health//",
    "///health",
    "/.",
    "/./health",
    "/health/.",
    "/health/./",
    "/..",
    "/../health",
    "/v1/../health",
    "/v1/ibexsafe/..",
    "/v1/ibexsafe/../../health",
    "/..?a",
    "/health#",
    "/health#a",
    "/#/health",
    "/health?a#b",
    "#",
    "/hé",
    "/health?é",
    "/\u{ff0e}\u{ff0e}/",
    "/health%",
    "/health%2",
    "/health%zz",
    "/health%0",
    "/health?a=%",
    "/health?a=%g1",
    "/health\"",
    "/<health>",
    "/health\u{7f}",
    "/health\t",
    "/health\u{1}",
    "/heal\0th",
    "health",
    "localhost",
    "localhost:80",
    "?a",
    "**",
    "*a",
    "http:/health",
    "http:///health",
    "http://localhost@evil.example/health",
    "ftp://localhost/health",
    "file:///etc/passwd",
];

/// Targets and hosts, in absolute form, that are not ours or not one.
const FOREIGN: [(&str, &str); 8] = [
    ("http://evil.example/health", "localhost"),
    ("http://localhost/health", "evil.example"),
    ("http://evil.example/health", "evil.example"),
    ("https://evil.example/health", "evil.example"),
    ("http://localhost:81/health", "localhost"),
    ("http://localhost/health", "localhost:80"),
    ("http://localhost.evil.example/health", "localhost.evil.example"),
    ("http://[::2]/health", "[::2]"),
];

const ODD_METHODS: [&str; 14] = [
    "TRACE", "TRACK", "get", "Get", "GETT", "PROPFIND", "BREW", "DEBUG", "LINK", "PURGE", "M-SEARCH", "X",
    "G!T", "CONNECT",
];

const ODD_LINES: [&str; 16] = [
    "GET",
    "GET ",
    "GET /health",
    "GET  /health HTTP/1.1",
    "GET /health  HTTP/1.1",
    " GET /health HTTP/1.1",
    "GET /health HTTP/1.1 ",
    "GET /health x HTTP/1.1",
    "GET\t/health\tHTTP/1.1",
    "GET /health\tHTTP/1.1",
    "G(T /health HTTP/1.1",
    "G\u{e9}T /health HTTP/1.1",
    "GET: /health HTTP/1.1",
    "\0GET /health HTTP/1.1",
    "{\"method\":\"GET\"}",
    "AMETHODTHATISLONGERTHANANYTHATISREGISTERED /health HTTP/1.1",
];

const ODD_VERSIONS: [&str; 13] = [
    "HTTP/0.9",
    "HTTP/1",
    "HTTP/1.2",
    "HTTP/1.10",
    "HTTP/01.1",
    "HTTP/2",
    "HTTP/2.0",
    "HTTP/3.0",
    "http/1.1",
    "HTTPS/1.1",
    "HTTP 1.1x",
    "HTTP/1.1x",
    "HTTP/1,1",
];

/// What speaks another protocol, or begins too early.
const NO_HTTP: [&str; 15] = [
    "SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "HELP\r\n\r\n",
    "EHLO localhost\r\n",
    "*1\r\n$4\r\nPING\r\n",
    "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\u{3}\0\0\u{13}\u{e}\u{e0}\0\0",
    "\u{16}\u{3}\u{3}\0\u{2}\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "{\"jsonrpc\":\"2.0\"}\r\n\r\n",
    "\u{feff}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\tGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\rGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\r\n\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "garbage\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "A: 1\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
];

pub(super) fn cases() -> Vec<Case> {
    let line = |line: &str| format!("{line}\r\nHost: localhost\r\n\r\n");
    let mut cases = Vec::new();
    cases.extend(ODD_TARGETS.map(|target| malformed(line(&format!("GET {target} HTTP/1.1")))));
    cases.extend(
        FOREIGN.map(|(target, host)| malformed(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))),
    );
    cases.extend(ODD_METHODS.map(|method| {
        let target = if method == "CONNECT" { "localhost:80" } else { "/health" };
        refused(line(&format!("{method} {target} HTTP/1.1")), 405, "method_not_allowed")
    }));
    cases.extend(ODD_LINES.map(|odd| malformed(line(odd))));
    cases.extend(NO_HTTP.map(malformed));
    cases.extend(ODD_VERSIONS.map(|version| malformed(line(&format!("GET /health {version}")))));
    cases.extend([
        malformed("\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        malformed("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}"),
        // Nobody is connected to anything, whatever they call it.
        malformed(line("CONNECT user@localhost:80 HTTP/1.1")),
        malformed(line("CONNECT localhost:port HTTP/1.1")),
        refused(line("CONNECT evil.example:443 HTTP/1.1"), 405, "method_not_allowed"),
        refused(line("CONNECT localhost HTTP/1.1"), 405, "method_not_allowed"),
        refused(line("CONNECT /health HTTP/1.1"), 405, "method_not_allowed"),
        refused(line("CONNECT * HTTP/1.1"), 405, "method_not_allowed"),
        refused(line("TRACE http://localhost/health HTTP/1.1"), 405, "method_not_allowed"),
        refused(line("TRACE * HTTP/1.1\r\nMax-Forwards: 0"), 405, "method_not_allowed"),
        refused(line(&format!("GET /{} HTTP/1.1", "a".repeat(8192))), 414, "target_too_long"),
        refused(format!("GET /{}", "a".repeat(9000)), 414, "target_too_long"),
        answered(line(&format!("GET /{} HTTP/1.1", "a".repeat(8191))), 404, "not_found"),
        // What is odd and yet ordinary.
        answered(format!("\r\n{}", get_with("")), 200, ""),
        answered(line("GET http://localhost/health HTTP/1.1"), 200, ""),
        answered(line("GET HTTP://LOCALHOST/health?a HTTP/1.1"), 200, ""),
        answered(line("GET /health?a=//..%2f%2e%5c HTTP/1.1"), 200, ""),
        answered(line("GET /health? HTTP/1.1"), 200, ""),
        answered(line("HEAD /health HTTP/1.1"), 200, ""),
        answered(line("GET /.well-known/jwks.json HTTP/1.1"), 200, ""),
        answered(line("GET /...health HTTP/1.1"), 404, "not_found"),
        answered(line("OPTIONS * HTTP/1.1"), 404, "not_found"),
        answered(line("PUT /health HTTP/1.1"), 405, "method_not_allowed"),
        answered(line("PATCH /health HTTP/1.1"), 405, "method_not_allowed"),
    ]);
    cases
}
