//! Answers, whole and otherwise, in every kind of pieces.

use super::*;

const LOST: Broken = Broken::Lost(RequestFailure::Broken);
const ENDLESS: Broken = Broken::Failed(RequestFailure::Broken);
const TOO_LONG: Broken = Broken::Failed(RequestFailure::TooLong);

/// Status, body, and whether another may follow; nothing for an answer that is not whole.
type Read = Result<Option<(u16, String, bool)>, Broken>;

fn read(bytes: &[u8], piece: usize, body_bytes: usize) -> Read {
    let mut incoming = Incoming::new(body_bytes);
    let mut pieces = bytes.chunks(piece);
    for piece in pieces.by_ref() {
        if let Some(Whole { answer, is_persistent }) = incoming.take(piece)? {
            let body = String::from_utf8(answer.body.to_vec()).unwrap();
            // What has not been read yet is found when the connection is looked at.
            return Ok(Some((answer.status().as_u16(), body, is_persistent && pieces.next().is_none())));
        }
    }
    Ok(None)
}

/// The same in whatever pieces it comes.
fn told(said: &str) -> Read {
    let whole = read(said.as_bytes(), said.len().max(1), 100);
    for piece in 1..said.len() {
        assert_eq!(read(said.as_bytes(), piece, 100), whole, "{said:?} by {piece}");
    }
    whole
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside what has failed")]
fn whole(status: u16, body: &str, is_persistent: bool) -> Read {
    Ok(Some((status, body.to_owned(), is_persistent)))
}

#[test]
fn an_answer_ends_where_it_says() {
    for (said, answer) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", whole(200, "{\"a\":1}", true)),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nCONTENT-LENGTH: 1\r\n\r\na", whole(200, "a", true)),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", whole(200, "", true)),
        ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", whole(200, "a", true)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", whole(200, "a", true)),
        ("HTTP/1.1 204 No Content\r\n\r\n", whole(204, "", true)),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", whole(204, "", true)),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", whole(304, "", true)),
        ("HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", whole(599, "", true)),
    ] {
        assert_eq!(told(said), answer, "{said:?}");
    }
}

#[test]
fn nothing_follows_an_answer_that_says_so_or_has_more_behind_it() {
    for (said, answer) in [
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", whole(200, "a", false)),
        ("HTTP/1.1 200 OK\r\nConnection: x , CLOSE\r\nContent-Length: 1\r\n\r\na", whole(200, "a", false)),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", whole(200, "a", false)),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", whole(200, "a", false)),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", whole(101, "", false)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", whole(200, "a", false)),
        ("HTTP/1.1 204 No Content\r\n\r\na", whole(204, "", false)),
        // The other side may mean a body after all.
        ("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", whole(204, "", false)),
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", whole(204, "", false)),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", whole(304, "", false)),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", whole(304, "", false)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\na", whole(200, "", false)),
    ] {
        assert_eq!(told(said), answer, "{said:?}");
    }
}

#[test]
fn interim_answers_are_skipped() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let said =
        format!("HTTP/1.1 100 Continue\r\n\r\n{early}{early}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    assert_eq!(told(&said), whole(200, "a", true));
    assert_eq!(told(&early.repeat(3)), Ok(None));
}

#[test]
fn an_answer_that_is_cut_off_is_not_whole() {
    for said in [
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ] {
        for length in 0..said.len() {
            assert_eq!(told(&said[..length]), Ok(None), "{said:?} until {length}");
        }
    }
}

#[test]
fn an_answer_that_nobody_can_find_the_end_of_is_none() {
    for said in [
        "HTTP/1.1 200 OK\r\n\r\na",
        "HTTP/1.0 200 OK\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(told(said), Err(ENDLESS), "{said:?}");
    }
}

#[test]
fn what_is_no_answer_is_refused_as_soon_as_it_shows() {
    for said in [
        "\x16\x03\x01 garbage",
        "SSH-2.0-OpenSSH\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        "\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        "GET / HTTP/1.1\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\na b: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    ] {
        assert_eq!(read(said.as_bytes(), said.len(), 100), Err(LOST), "{said:?}");
    }
    for said in [
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\na",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
    ] {
        assert_eq!(told(said), Err(LOST), "{said:?}");
    }
}

#[test]
fn a_body_is_taken_to_the_byte_of_its_limit() {
    let sized =
        |bytes: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n{}", "a".repeat(bytes));
    let chunked = |bytes: usize| {
        let chunks = format!("{}\r\n{}\r\n", "a", "b".repeat(10)).repeat(bytes / 10);
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
    };
    assert_eq!(told(&sized(100)), whole(200, &"a".repeat(100), true));
    assert_eq!(told(&sized(101)), Err(TOO_LONG));
    assert_eq!(told(&chunked(100)), whole(200, &"b".repeat(100), true));
    assert_eq!(told(&chunked(110)), Err(TOO_LONG));
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u64::MAX);
    assert_eq!(told(&huge), Err(TOO_LONG));
}

#[test]
fn a_head_is_taken_to_the_byte_and_to_the_field_of_its_limit() {
    let fields = |count: usize| format!("HTTP/1.1 204 No Content\r\n{}\r\n", "x: y\r\n".repeat(count));
    assert_eq!(told(&fields(100)), whole(204, "", true));
    assert_eq!(told(&fields(101)), Err(LOST));
    let bytes = |count: usize| {
        let (before, behind) = ("HTTP/1.1 204 No Content\r\nx: ", "\r\n\r\n");
        [before, &"y".repeat(count - before.len() - behind.len()), behind].concat()
    };
    for (count, answer) in [
        (answer_head::MAX_BYTES, whole(204, "", true)),
        (answer_head::MAX_BYTES + 1, Err(LOST)),
        (2 * answer_head::MAX_BYTES, Err(LOST)),
    ] {
        for piece in [1000, answer_head::MAX_BYTES] {
            assert_eq!(read(bytes(count).as_bytes(), piece, 100), answer, "{count} by {piece}");
        }
    }
    // Whether or not it ever ends.
    let endless = "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(answer_head::MAX_BYTES);
    assert_eq!(read(endless.as_bytes(), 1000, 100), Err(LOST));
}

#[test]
fn all_that_is_skipped_has_one_limit() {
    let early = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(MAX_OVERHEAD_BYTES / 10);
    assert_eq!(read(early.as_bytes(), 1000, 100), Err(TOO_LONG));
    let chunks = format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(80);
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert_eq!(read(chunked.as_bytes(), 1000, 100), Err(TOO_LONG));
    let trailers = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{}\r\n",
        "x: y\r\n".repeat(20_000)
    );
    assert_eq!(read(trailers.as_bytes(), 1000, 100), Err(TOO_LONG));
}

#[test]
fn of_the_head_those_fields_are_kept_that_somebody_asks_about() {
    let head = |fields: &str| {
        let said = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
        Incoming::new(0).take(said.as_bytes()).unwrap().unwrap().answer.head
    };
    let plain = head("content-type: application/json\r\nETAG: \"a\"\r\nRetry-After: 7\r\n");
    assert_eq!((plain.kind, plain.retry_after_s), (Some(crate::json_kind::JsonKind::Plain), Some(7)));
    assert_eq!(plain.tag.unwrap().to_field(), "\"a\"");
    // A coding makes it no JSON that can be read, two tags are none, and a date is as good as none.
    let none = head(
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nETag: \"a\"\r\nETag: \"a\"\r\n\
         Retry-After: Thu, 26 Nov 2026 00:00:00 GMT\r\n",
    );
    assert_eq!((none.kind, none.tag, none.retry_after_s), (None, None, None));
    assert_eq!(head("ETag: x\r\n").tag, None);
    // The first word counts.
    assert_eq!(head("Content-Type: text/html\r\nContent-Type: application/json\r\n").kind, None);
}

#[test]
fn a_body_that_was_told_of_and_has_not_come_has_little_room() {
    let mut incoming = Incoming::new(1 << 20);
    assert!(incoming.take(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n").unwrap().is_none());
    let Stage::Body(begun) = &incoming.stage else { panic!("no head") };
    assert_eq!(begun.body.room(), FIRST_ROOM_BYTES);
    assert!(incoming.take(&b"a".repeat((1 << 20) - 1)).unwrap().is_none());
    let whole = incoming.take(b"a").unwrap().unwrap();
    assert_eq!((whole.answer.body().len(), whole.answer.body.room()), (1 << 20, 1 << 20));
}
