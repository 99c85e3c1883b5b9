//! Laws of revisions.

use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseResult;
use strongroom_domain::Revision;

/// A revision is read back from what it is written as.
///
/// # Errors
///
/// When the law is broken.
pub fn revisions_round_trip(revision: Revision) -> TestCaseResult {
    prop_assert_eq!(Revision::parse(&revision.to_string()), Ok(revision));
    Ok(())
}

/// No two texts are one revision: what is read is written as it was, and has a version from 1.
///
/// # Errors
///
/// When the law is broken.
pub fn only_the_written_form_is_a_revision(text: &str) -> TestCaseResult {
    if let Ok(revision) = Revision::parse(text) {
        prop_assert_eq!(revision.to_string(), text);
        prop_assert_eq!(revision.version == 0, false, "versions start at 1");
    }
    Ok(())
}
