//! Laws of the domain's own record and its two parts.

use std::collections::BTreeMap;

use proptest::prop_assert_eq;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use strongroom_domain::{Fold, ReadablePart, Record, WriteOnlyPart};

use super::model::{Model, Plain, ROOMY, Write, is_private, json_string, object, patch_of};

/// A part's length, told without writing it, is the length of what is written.
///
/// # Errors
///
/// When the law is broken.
pub fn a_part_knows_its_length(writes: &[Write]) -> TestCaseResult {
    let (record, model) = (written(writes)?, Model::after(writes));
    prop_assert_eq!(record.readable().canonical_bytes(), record.view().as_json().len());
    prop_assert_eq!(record.readable().len(), model.names(false).len());
    prop_assert_eq!(record.write_only().canonical_bytes(), model.json(true).len());
    prop_assert_eq!(record.write_only().len(), model.names(true).len());
    Ok(())
}

/// A view that is read back is the part it was made of, and the same view again.
///
/// # Errors
///
/// When the law is broken.
pub fn a_view_reads_back_as_the_part(writes: &[Write]) -> TestCaseResult {
    let record = written(writes)?;
    let view = record.view();
    let part =
        ReadablePart::from_json(view.as_ref()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&part, record.readable());
    prop_assert_eq!(part.view(), view);
    Ok(())
}

/// The write-only part holds what the model holds, values included; nothing is revealed to see it.
///
/// # Errors
///
/// When the law is broken.
pub fn the_write_only_part_equals_the_model(writes: &[Write]) -> TestCaseResult {
    let record = written(writes)?;
    let expected = WriteOnlyPart::from_json(Model::after(writes).json(true).as_bytes());
    let expected = expected.map_err(|error| TestCaseError::fail(error.to_string()))?;
    // Not `prop_assert_eq!`: a write-only part cannot be printed.
    if record.write_only() == &expected {
        Ok(())
    } else {
        Err(TestCaseError::fail("the write-only part differs"))
    }
}

/// What listeners are told of the last write is the difference between the views before and after it.
///
/// # Errors
///
/// When the law is broken.
pub fn listeners_are_told_the_difference(before: &[Write], write: &Write) -> TestCaseResult {
    let mut record = written(before)?;
    let outcome =
        record.apply(&patch_of(write), &ROOMY).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let (old, mut new) = (Model::after(before), Model::after(before));
    new.apply(write);
    let is_new = |name: &&String| new.value(name) != old.value(name);
    let (old_names, new_names) = (old.names(false), new.names(false));
    let changed = new_names.iter().filter(is_new).map(|name| (name, new.value(name)));
    let changed: Vec<(&String, Option<&Plain>)> = changed.collect();
    let removed = old_names.iter().filter(|name| new.value(name).is_none()).map(|name| json_string(name));
    let expected = format!(
        r#"{{"changed":{},"removed":[{}]}}"#,
        object(changed.into_iter(), json_string),
        removed.collect::<Vec<_>>().join(",")
    );
    let told = record.readable().describe(&outcome.readable);
    prop_assert_eq!(told.as_json(), expected);
    Ok(())
}

/// Several writes folded tell of each key what the last of them that touched it did, and what they tell leads from the view
/// before them all to the view after.
///
/// # Errors
///
/// When the law is broken.
pub fn a_fold_tells_what_its_writes_did_in_turn(before: &[Write], writes: &[Write]) -> TestCaseResult {
    let failed = |error: &dyn std::fmt::Display| TestCaseError::fail(error.to_string());
    let (mut record, mut model) = (written(before)?, Model::after(before));
    let (mut fold, mut expected) = (Fold::new(), BTreeMap::new());
    for write in writes {
        let outcome = record.apply(&patch_of(write), &ROOMY).map_err(|error| failed(&error))?;
        let told = record.readable().describe(&outcome.readable);
        fold.add(&told).map_err(|error| failed(&error))?;

        let old = model.clone();
        model.apply(write);
        let touched = write.keys().filter(|name| !is_private(name) && old.value(name) != model.value(name));
        expected.extend(touched.map(|name| (name.clone(), model.value(name).cloned())));
    }
    let changed =
        expected.iter().filter(|(_, value)| value.is_some()).map(|(name, value)| (name, value.as_ref()));
    let removed = expected.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| json_string(name));
    let text = format!(
        r#"{{"changed":{},"removed":[{}]}}"#,
        object(changed, json_string),
        removed.collect::<Vec<_>>().join(",")
    );
    let told = fold.describe();
    prop_assert_eq!(told.as_json(), text);

    let mut at_once = Model::after(before);
    at_once.apply(&expected);
    let view = record.view();
    prop_assert_eq!(at_once.view(), view.as_json());
    Ok(())
}

fn written(writes: &[Write]) -> Result<Record, TestCaseError> {
    let mut record = Record::new();
    for write in writes {
        record.apply(&patch_of(write), &ROOMY).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
    Ok(record)
}
