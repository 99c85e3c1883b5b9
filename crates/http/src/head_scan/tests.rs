//! Tables: a head, and what is said of it.

use super::*;

const LIMITS: HeadLimits = HeadLimits { head_bytes: 1024, target_bytes: 256, header_fields: 8 };

fn read(text: &str) -> Result<Option<Head>, Refusal> {
    scan(text.as_bytes(), &LIMITS)
}

/// A head with these lines behind a good request line and `Host`.
fn with(fields: &str) -> String {
    format!("POST /a HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

#[test]
fn a_whole_head_is_told_from_what_follows_and_from_its_body() {
    for (fields, body) in [
        ("", BodyKind::None),
        ("Content-Length: 0\r\n", BodyKind::None),
        ("Content-Length: 5\r\n", BodyKind::Length(5)),
        ("content-LENGTH:\t 0005 \t\r\n", BodyKind::Length(5)),
        ("Content-Length: 999999999999999999\r\n", BodyKind::Length(999_999_999_999_999_999)),
        ("Transfer-Encoding: chunked\r\n", BodyKind::Chunked),
        ("transfer-encoding:CHUNKED\r\n", BodyKind::Chunked),
        ("X: \u{e9}\t~\r\nY:\r\n", BodyKind::None),
        ("My_Header: 1\r\n", BodyKind::None),
    ] {
        let head = with(fields);
        for before in ["", "\r\n"] {
            for behind in ["", "hello", "\n\0"] {
                let length = before.len() + head.len();
                assert_eq!(
                    read(&format!("{before}{head}{behind}")),
                    Ok(Some(Head { length, body })),
                    "{head:?}"
                );
            }
        }
    }
}

#[test]
fn a_head_is_incomplete_until_its_last_byte() {
    let head = format!("\r\n{}", with("Content-Length: 5\r\n"));
    for end in 0..head.len() {
        assert_eq!(read(&head[..end]), Ok(None), "{:?}", &head[..end]);
    }
    assert!(matches!(read(&head), Ok(Some(_))));
}

#[test]
fn a_line_ends_in_crlf_and_in_nothing_else() {
    for head in [
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\nB: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\rB: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\r\n\r\n",
        "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n",
        "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: 1\n",
    ] {
        assert_eq!(read(head), Err(Refusal::LineEnding), "{head:?}");
    }
}

#[test]
fn a_request_line_is_three_words_with_one_space_between_them() {
    for line in [
        "",
        " ",
        "GET",
        "GET /",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "G(T / HTTP/1.1",
        "GET, / HTTP/1.1",
        "G\u{e9}T / HTTP/1.1",
        "GETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1",
    ] {
        let head = format!("{line}\r\nHost: h\r\n\r\n");
        // One empty line before is forgiven: the request line is what follows.
        let head = if line.is_empty() { format!("\r\n{head}") } else { head };
        assert_eq!(read(&head), Err(Refusal::RequestLine), "{line:?}");
    }
}

#[test]
fn only_http_1_1_and_1_0_are_spoken() {
    for version in
        ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1", "HTTP/01.1", "HTTPS/1.1", "", "\u{e9}"]
    {
        let head = format!("GET / {version}\r\nHost: h\r\n\r\n");
        assert_eq!(read(&head), Err(Refusal::Version), "{version:?}");
    }
    assert_eq!(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Err(Refusal::Version));
    assert!(matches!(read("GET / HTTP/1.0\r\n\r\n"), Ok(Some(_))));
}

#[test]
fn a_field_is_a_token_a_colon_and_text_without_controls() {
    for field in [
        "A : 1",
        "A\t: 1",
        " A: 1",
        "\tA: 1",
        ": 1",
        "A",
        "A B: 1",
        "A\0: 1",
        "\u{e9}: 1",
        "A(: 1",
        "A: \0",
        "A: \u{1}",
        "A: \u{7f}",
        "A: \u{b}",
        "A: \u{1b}[0m",
        "A\u{7f}: 1",
        "\"A\": 1",
        "{A}: 1",
    ] {
        assert_eq!(read(&with(&format!("{field}\r\n"))), Err(Refusal::HeaderField), "{field:?}");
    }
    assert_eq!(read(&with("A: 1\r\n 2\r\n")), Err(Refusal::HeaderField), "folded");
    assert_eq!(read("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), Err(Refusal::HeaderField), "folded at once");
}

#[test]
fn there_is_one_opinion_about_where_a_body_ends() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 0\r\ncontent-length: 0",
        "Content-Length: 5, 5",
        "Content-Length: 5,",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5.0",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: \"5\"",
        "Content-Length:",
        "Content-Length: five",
        "Content-Length: 1000000000000000000",
        "Content-Length: 18446744073709551616",
        "Content-Length: \u{665}",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nContent-Length: 5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:",
    ] {
        assert_eq!(read(&with(&format!("{fields}\r\n"))), Err(Refusal::Framing), "{fields:?}");
    }
    let http_10 = "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(read(http_10), Err(Refusal::Framing));
}

#[test]
fn an_underscore_makes_no_second_name_of_a_field_that_matters() {
    for name in [
        "Content_Length",
        "transfer_encoding",
        "X_RP_ID",
        "x_rp-id",
        "Content_Type",
        "IF_MATCH",
        "X_Request_Id",
    ] {
        assert_eq!(read(&with(&format!("{name}: 1\r\n"))), Err(Refusal::NameLookalike), "{name}");
    }
}

#[test]
fn a_target_is_checked_and_only_connect_may_name_a_host_alone() {
    assert_eq!(read("GET /a%2fb HTTP/1.1\r\n\r\n"), Err(Refusal::Target));
    assert_eq!(read("GET h:443 HTTP/1.1\r\n\r\n"), Err(Refusal::Target));
    assert!(matches!(read("CONNECT h:443 HTTP/1.1\r\n\r\n"), Ok(Some(_))));
}

#[test]
fn limits_are_kept_to_the_byte_and_before_the_head_is_there_whole() {
    let target = |bytes: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(bytes - 1));
    assert!(matches!(read(&target(256)), Ok(Some(_))));
    assert_eq!(read(&target(257)), Err(Refusal::TargetTooLong));
    assert_eq!(read(&format!("GET /{}", "a".repeat(300))), Err(Refusal::TargetTooLong), "unfinished");

    let longest = format!("{} /{} HTTP/1.1\r\n\r\n", "A".repeat(32), "a".repeat(255));
    for end in 0..longest.len() {
        assert_eq!(read(&longest[..end]), Ok(None), "{end} bytes of the longest line");
    }
    assert!(matches!(read(&longest), Ok(Some(_))));

    let fields = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "A: 1\r\n".repeat(count));
    assert!(matches!(read(&fields(8)), Ok(Some(_))));
    assert_eq!(read(&fields(9)), Err(Refusal::TooManyFields));
    assert_eq!(read(fields(9).trim_end()), Ok(None), "the ninth line has not ended");

    let head = |bytes: usize| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(bytes - 23));
    assert_eq!(head(1024).len(), 1024);
    assert!(matches!(read(&head(1024)), Ok(Some(_))));
    assert_eq!(read(&head(1025)), Err(Refusal::HeadTooLarge));
    assert_eq!(read(&head(2000)[..1024]), Err(Refusal::HeadTooLarge), "unfinished");
    assert_eq!(read(&head(2000)[..1023]), Ok(None));
}

#[test]
fn what_can_be_no_http_is_refused_at_its_first_bytes() {
    for start in [
        "\u{16}\u{3}\u{1}\u{2}",
        "\0",
        "(",
        "{\"a\":1}",
        "GET\t",
        "\r\r",
        "GETGETGETGETGETGETGETGETGETGETGET",
    ] {
        assert_eq!(read(start), Err(Refusal::RequestLine), "{start:?}");
    }
}

#[test]
fn no_bytes_make_the_scan_read_past_their_end() {
    // A small alphabet of everything that the scan looks at, in every combination up to a length.
    let alphabet = b"G /\r\n:\0";
    let mut words = vec![Vec::new()];
    for _ in 0..6 {
        words = words
            .into_iter()
            .flat_map(|word| alphabet.iter().map(move |b| [word.clone(), vec![*b]].concat()))
            .collect();
        for word in &words {
            if let Ok(Some(head)) = scan(word, &LIMITS) {
                assert!(head.length <= word.len());
            }
        }
    }
}
