//! Bodies that are too large, too slow or broken off.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::CONTENT_LENGTH;

use super::*;

/// Half of a guide's write, and the other half.
const HALVES: [&str; 2] =
    [r#"{"externalUserId":"c76302cb-f845-40f4-9c56-29710323afba","data":{"lang"#, r#"uage":"fr"}}"#];

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_in_pieces_is_read_whole() {
    let surface = surface();
    let pieces = ScriptedBody::from([Step::Data(HALVES[0]), Step::Data(""), Step::Data(HALVES[1])]);
    assert_eq!(send_body(&surface, request("POST", WRITE), pieces).await.status, 200);
    assert_eq!(send(&surface, request("GET", READ), "").await.text, r#"{"language":"fr"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_body_to_the_byte_of_the_limit_is_taken_and_one_byte_more_is_not() {
    let padded = |bytes: usize| format!("{:<bytes$}", write_of(r#"{"a":"1"}"#));
    let at_limit = send(&surface(), request("POST", WRITE), padded(HTTP_LIMITS.body_bytes)).await;
    assert_eq!(at_limit.status, 200);
    let over = send(&surface(), request("POST", WRITE), padded(HTTP_LIMITS.body_bytes + 1)).await;
    assert_eq!(over.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(over.json()["limit_bytes"], HTTP_LIMITS.body_bytes);
    assert_eq!(over.header("connection"), Some("close"));
}

#[tokio::test(start_paused = true)]
async fn a_body_in_chunks_is_too_large_by_their_sum() {
    const CHUNK: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let chunks = |count: usize| ScriptedBody((0..count).map(|_| Step::Data(CHUNK)).collect());
    let fitting = HTTP_LIMITS.body_bytes / CHUNK.len();
    let answer = send_body(&surface(), request("POST", WRITE), chunks(fitting)).await;
    assert_eq!(answer.problem(), (400, "json_malformed".to_owned()));
    let answer = send_body(&surface(), request("POST", WRITE), chunks(fitting + 1)).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(answer.json()["limit_bytes"], HTTP_LIMITS.body_bytes);
}

#[tokio::test(start_paused = true)]
async fn a_body_comes_in_so_many_chunks_at_most_unless_its_length_is_known() {
    let write = write_of(r#"{"a":"1"}"#);
    let in_pieces = |count: usize| {
        let blanks = (1..count).map(|_| Step::Data(" "));
        ScriptedBody(blanks.chain([Step::Data(write.clone().leak())]).collect())
    };
    let at_limit = in_pieces(HTTP_LIMITS.chunks);
    assert_eq!(send_body(&surface(), request("POST", WRITE), at_limit).await.status, 200);
    let over = send_body(&surface(), request("POST", WRITE), in_pieces(HTTP_LIMITS.chunks + 1)).await;
    assert_eq!(over.problem(), (413, "body_in_too_many_chunks".to_owned()));
    assert_eq!(over.header("connection"), Some("close"));
    let length = HTTP_LIMITS.chunks + write.len();
    let announced = request("POST", WRITE).header(CONTENT_LENGTH, length.to_string());
    let pieces = in_pieces(HTTP_LIMITS.chunks + 1);
    assert_eq!(send_body(&surface(), announced, pieces).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_read_to_its_end_so_that_its_sender_hears_the_answer() {
    let (body, read_bytes) = Filler::of(2 * HTTP_LIMITS.body_bytes);
    let answer = send_body(&surface(), request("POST", WRITE), body).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(read_bytes.load(Ordering::Relaxed), 2 * HTTP_LIMITS.body_bytes);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_end_is_not_read_for_ever() {
    let (body, read_bytes) = Filler::of(1_000 * HTTP_LIMITS.body_bytes);
    let answer = send_body(&surface(), request("POST", WRITE), body).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    assert!(read_bytes.load(Ordering::Relaxed) < 20 * HTTP_LIMITS.body_bytes);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_as_hopelessly_large_is_refused_before_it_comes() {
    for announced in ["1000000", "18446744073709551615"] {
        let request = request("POST", WRITE).header(CONTENT_LENGTH, announced);
        let began = tokio::time::Instant::now();
        let answer = send_body(&surface(), request, ScriptedBody::from([Step::Never])).await;
        assert_eq!(answer.problem(), (413, "body_too_large".to_owned()), "{announced}");
        assert_eq!(began.elapsed(), Duration::ZERO, "{announced}");
        assert_eq!(answer.json()["limit_bytes"], HTTP_LIMITS.body_bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_as_too_large_is_a_413_though_it_does_not_come_in_time() {
    let announced = (HTTP_LIMITS.body_bytes + 1).to_string();
    let request = request("POST", WRITE).header(CONTENT_LENGTH, announced);
    let answer = send_body(&surface(), request, ScriptedBody::from([Step::Never])).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_in_time_is_a_408_and_changes_nothing() {
    let surface = surface();
    let began = tokio::time::Instant::now();
    let slow = ScriptedBody::from([Step::Data(HALVES[0]), Step::Never]);
    let answer = send_body(&surface, request("POST", WRITE), slow).await;
    assert_eq!(answer.problem(), (408, "body_too_slow".to_owned()));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(began.elapsed().as_secs(), HTTP_LIMITS.body_time.as_secs());
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_a_400_and_changes_nothing() {
    let surface = surface();
    // Whole as JSON, and yet not all of it came.
    let broken = ScriptedBody::from([Step::Data(HALVES[0]), Step::Data(HALVES[1]), Step::Broken]);
    let answer = send_body(&surface, request("POST", WRITE), broken).await;
    assert_eq!(answer.problem(), (400, "body_incomplete".to_owned()));
    assert!(!answer.text.contains("the connection broke"));
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_keeps_to_the_limits_of_a_body() {
    let over = " ".repeat(HTTP_LIMITS.body_bytes + 1);
    let answer = send(&surface(), request("POST", REFRESH), over).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    let answer = send_body(&surface(), request("POST", REFRESH), ScriptedBody::from([Step::Never])).await;
    assert_eq!(answer.problem(), (408, "body_too_slow".to_owned()));
}

/// A body of blanks that counts how much of it was read.
struct Filler {
    bytes_left: usize,
    read_bytes: Arc<AtomicUsize>,
}

impl Filler {
    fn of(bytes: usize) -> (Self, Arc<AtomicUsize>) {
        let read_bytes = Arc::new(AtomicUsize::new(0));
        (Self { bytes_left: bytes, read_bytes: read_bytes.clone() }, read_bytes)
    }
}

impl hyper::body::Body for Filler {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        const BLANKS: &[u8] = &[b' '; 64];
        let blanks = &BLANKS[..self.bytes_left.min(BLANKS.len())];
        self.bytes_left -= blanks.len();
        self.read_bytes.fetch_add(blanks.len(), Ordering::Relaxed);
        Poll::Ready((!blanks.is_empty()).then(|| Ok(Frame::data(Bytes::from_static(blanks)))))
    }
}
