//! Laws of merging, for anything that is a [`Subject`].

use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};
use strongroom_domain::Limits;

use super::Subject;
use super::model::{Model, Plain, ROOMY, Write, is_private, patch_of};

/// After each write a record shows what the model shows, names what it names, and says of the write what it says.
///
/// # Errors
///
/// When the law is broken.
pub fn applying_equals_the_model<S: Subject>(make: impl Fn() -> S, writes: &[Write]) -> TestCaseResult {
    let (mut subject, mut model) = (make(), Model::default());
    for write in writes {
        let counts = subject.apply(&patch_of(write), &ROOMY);
        prop_assert_eq!(counts, Ok(model.apply(write)), "whether the write counts");
        prop_assert_eq!(subject.view(), model.view());
        prop_assert_eq!(subject.write_only_names(), model.names(true));
    }
    Ok(())
}

/// The second of two same writes of readable keys changes nothing and does not count.
///
/// # Errors
///
/// When the law is broken.
pub fn applying_twice_is_no_change<S: Subject>(
    make: impl Fn() -> S,
    before: &[Write],
    write: &Write,
) -> TestCaseResult {
    let mut subject = written(make, before);
    prop_assert!(subject.apply(&patch_of(write), &ROOMY).is_ok());
    let view = subject.view();
    prop_assert_eq!(subject.apply(&patch_of(write), &ROOMY), Ok(false), "whether the write counts");
    prop_assert_eq!(subject.view(), view);
    Ok(())
}

/// Two writes that name no key in common give the same in either order.
///
/// # Errors
///
/// When the law is broken.
pub fn disjoint_writes_commute<S: Subject>(
    make: impl Fn() -> S,
    before: &[Write],
    one: &Write,
    other: &Write,
) -> TestCaseResult {
    let other: Write = other.clone().into_iter().filter(|(name, _)| !one.contains_key(name)).collect();
    let [forth, back] = [[one, &other], [&other, one]].map(|pair| {
        let mut subject = written(&make, before);
        let answers = pair.map(|write| subject.apply(&patch_of(write), &ROOMY));
        (answers.iter().all(Result::is_ok), subject.view(), subject.write_only_names())
    });
    prop_assert!(forth.0, "a write within limits is taken");
    prop_assert_eq!(forth, back);
    Ok(())
}

/// Neither the name nor the value of a private key is in a view, and a view that shows nothing is `{}`.
///
/// # Errors
///
/// When the law is broken.
pub fn private_keys_never_show<S: Subject>(make: impl Fn() -> S, writes: &[Write]) -> TestCaseResult {
    const MARK: &str = "mark-of-a-private-value";
    let mut subject = make();
    for write in writes {
        // The same write with every private value marked.
        let mark = |name: &str| Plain::Text(format!("{MARK} {name}"));
        let marked: Write = write
            .iter()
            .map(|(name, value)| {
                let value = value.clone().map(|value| if is_private(name) { mark(name) } else { value });
                (name.clone(), value)
            })
            .collect();
        prop_assert!(subject.apply(&patch_of(&marked), &ROOMY).is_ok());
        let view = subject.view();
        prop_assert!(!view.contains(MARK), "a private value shows: {view}");
        for name in write.keys().filter(|name| is_private(name)) {
            prop_assert!(!view.contains(name.as_str()), "a private name shows: {view}");
        }
    }
    Ok(())
}

/// Deleting every key that was ever written leaves `{}` and no private name.
///
/// # Errors
///
/// When the law is broken.
pub fn deleting_everything_leaves_an_empty_map<S: Subject>(
    make: impl Fn() -> S,
    writes: &[Write],
) -> TestCaseResult {
    let mut subject = written(make, writes);
    let everything: Write = writes.iter().flat_map(Write::keys).map(|name| (name.clone(), None)).collect();
    // Whatever the limits: what only deletes always passes.
    let none_at_all = Limits { value_bytes: 0, record_keys: 0, record_bytes: 0 };
    prop_assert!(
        subject.apply(&patch_of(&everything), &none_at_all).is_ok(),
        "a write that only deletes passes"
    );
    prop_assert_eq!(subject.view(), "{}");
    prop_assert!(subject.write_only_names().is_empty());
    Ok(())
}

/// A write is refused exactly when a part it sets keys of would pass a limit, to the byte; then nothing changes.
///
/// # Errors
///
/// When the law is broken.
pub fn limits_are_exact_and_a_refused_write_changes_nothing<S: Subject>(
    make: impl Fn() -> S,
    limits: &Limits,
    writes: &[Write],
) -> TestCaseResult {
    let (mut subject, mut model) = (make(), Model::default());
    for write in writes {
        let taken = subject.apply(&patch_of(write), limits).is_ok();
        prop_assert_eq!(taken, model.takes(write, limits), "whether the write is taken");
        if taken {
            model.apply(write);
        }
        prop_assert_eq!(subject.view(), model.view());
        prop_assert_eq!(subject.write_only_names(), model.names(true));
    }
    Ok(())
}

/// A write whose result just fits is taken, and is refused where a limit is one less.
///
/// # Errors
///
/// When the law is broken.
pub fn a_write_is_taken_up_to_each_limit<S: Subject>(
    make: impl Fn() -> S,
    before: &[Write],
    write: &Write,
) -> TestCaseResult {
    let mut after = Model::after(before);
    after.apply(write);
    for private in [false, true] {
        // The other part is not asked: a write of this part alone.
        let write: Write =
            write.clone().into_iter().filter(|(name, _)| is_private(name) == private).collect();
        if write.values().all(Option::is_none) {
            continue;
        }
        let longest =
            write.values().flatten().map(|value| if let Plain::Text(text) = value { text.len() } else { 0 });
        let just = Limits {
            value_bytes: longest.max().unwrap_or(0),
            record_keys: after.names(private).len(),
            record_bytes: after.json(private).len(),
        };
        let taken = |limits: Limits| written(&make, before).apply(&patch_of(&write), &limits).is_ok();
        prop_assert!(taken(just), "what just fits is taken: {just:?}");
        prop_assert!(
            !taken(Limits { record_keys: just.record_keys - 1, ..just }),
            "a key too many: {just:?}"
        );
        prop_assert!(
            !taken(Limits { record_bytes: just.record_bytes - 1, ..just }),
            "a byte too many: {just:?}"
        );
        if let Some(value_bytes) = just.value_bytes.checked_sub(1) {
            prop_assert!(!taken(Limits { value_bytes, ..just }), "a string too long: {just:?}");
        }
    }
    Ok(())
}

fn written<S: Subject>(make: impl Fn() -> S, writes: &[Write]) -> S {
    let mut subject = make();
    for write in writes {
        let answer = subject.apply(&patch_of(write), &ROOMY);
        assert!(answer.is_ok(), "a write within limits is taken");
    }
    subject
}
