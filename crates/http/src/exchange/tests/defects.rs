//! A defect in a handler: whoever met it is told so, and nobody else notices.

use strongroom_testkit::mock::MockUpstream;

use super::*;

/// A safe that panics at the first read, and has nothing to tell at the next.
fn surface_with_a_defect() -> Exchange {
    let mut safe = MockUpstream::new();
    // Expectations are met in the order they were set up, each as often as it says.
    safe.expect_read().times(1).returning(|_| panic!("a defect, met on purpose"));
    safe.expect_read().times(1).returning(|_| Ok(None));
    surface_over(safe)
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_500_that_says_nothing_is_counted_and_ends_nothing_else() {
    let surface = surface_with_a_defect();
    let answer = send(&surface, request("GET", READ), "").await;
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    assert!(!answer.text.contains("purpose"));
    assert!(answer.header("x-request-id").is_some(), "an answer like any other");
    assert_eq!(surface.metrics.panics.load(Ordering::Relaxed), 1);
    assert_eq!(surface.api.places.taken(), 0, "its place is free again");
    assert_eq!(send(&surface, request("GET", READ), "").await.status, 204);
}
