//! What every [`KeySetSource`] must do.

use strongroom_ports::KeySetSource;

use super::granted;

/// Runs every rule of [`KeySetSource`]. `publish` puts a document where the source looks, or takes it away (`None`).
///
/// # Panics
///
/// At the first rule that the source breaks.
pub async fn key_set_source(source: &dyn KeySetSource, publish: impl Fn(Option<&[u8]>)) {
    let mark = "mark-7f3a";
    let marked = format!(r#"{{"keys":[{{"kty":"{mark}"}}]}}"#);
    let long = vec![0xff; 70_000];
    for document in [
        br#"{"keys":[]}"#.as_slice(),
        marked.as_bytes(),
        b"",
        b"not JSON, and whoever asked reads that",
        &long,
    ] {
        publish(Some(document));
        let fetched = granted("a document that is there is fetched", source.fetch().await);
        assert!(fetched == document, "a document comes whole and as it is");
    }
    publish(Some(marked.as_bytes()));
    for _ in 0..2 {
        let fetched = granted("a document can be fetched again", source.fetch().await);
        assert!(fetched == marked, "every call gives what is published then");
    }
    publish(None);
    for _ in 0..2 {
        let Err(unavailable) = source.fetch().await else { panic!("what is not published is unavailable") };
        let said = format!("{unavailable} {unavailable:?}");
        assert!(!said.contains(mark), "an error holds nothing of a document");
    }
    publish(Some(marked.as_bytes()));
    let fetched = granted("a failure does not spoil the next call", source.fetch().await);
    assert!(fetched == marked, "a document that is back comes whole");
    assert!(!format!("{source:?}").contains(mark), "a document is never printed");
}
