//! The filter of a foreign safe's answers: what passes is the tree that a second, slower reader keeps, written as it came, and
//! nothing of it is private however it is spelled.

use strongroom_domain::{Key, filter_foreign};

use crate::foreign_model::{Tree, is_hidden, read};

/// Asserts that the filter keeps its promises for this answer; says what becomes of it.
pub(crate) fn check(answer: &[u8]) -> &'static str {
    let tree = std::str::from_utf8(answer).ok().and_then(read);
    let filtered = match filter_foreign(answer) {
        Ok(filtered) => filtered,
        Err(refusal) => {
            assert!(tree.is_none(), "an object is {refusal}");
            return "refused";
        }
    };
    let kept = tree.as_ref().map(Tree::kept);
    assert_eq!(
        filtered.dropped,
        tree.as_ref().map_or(usize::MAX, Tree::hidden),
        "another count, or no object"
    );
    assert_eq!(filtered.is_empty, kept.as_ref().is_some_and(Tree::is_empty));
    tree.iter().for_each(agrees_with_keys);

    let Some(rest) = filtered.rest else {
        assert_eq!(filtered.dropped, 0, "something stays behind, and is still there");
        return "untouched";
    };
    let rest = rest.as_ref();
    assert!(filtered.dropped > 0, "a copy for nothing");
    assert_eq!(std::str::from_utf8(rest).ok().and_then(read), kept, "another tree is left");
    let mut whole = answer.iter();
    assert!(rest.iter().all(|byte| whole.any(|it| it == byte)), "something is added");
    let again = filter_foreign(rest);
    assert!(again.is_ok_and(|again| again.dropped == 0), "the second time, something is cut out");
    if filtered.is_empty { "nothing left" } else { "cut" }
}

/// No key that our own safe shows is cut out, and every write-only one is.
fn agrees_with_keys(tree: &Tree) {
    tree.each_name(&mut |name| match Key::parse(name) {
        Ok(Key::Readable(_)) => assert!(!is_hidden(name), "a readable key stays behind"),
        Ok(Key::WriteOnly(_)) => assert!(is_hidden(name), "a write-only key passes"),
        Err(_) => {}
    });
}
