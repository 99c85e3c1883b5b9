//! The patch parser: it takes exactly the envelopes that a second, slower reader takes, and what it takes merges as the
//! plain-map model says.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use strongroom_domain::{Envelope, JsonError, Limits, Patch, ReadablePart, Record, WriteOnlyKey};
use strongroom_testkit::law::{self, Model, Plain, Write};
use strongroom_testkit::sample::GUIDE_WRITE;

use crate::envelope_model::read;

/// Asserts that the parser keeps its promises for this body; returns what it says.
///
/// # Errors
///
/// What the parser refuses.
pub(crate) fn check(text: &[u8]) -> Result<(), JsonError> {
    let model = read(text);
    let envelope = match Envelope::from_json(text) {
        Ok(envelope) => envelope,
        Err(refusal) => {
            assert!(model.is_none(), "an envelope is refused: {refusal}");
            return Err(refusal);
        }
    };
    let (id, write) = model.unwrap_or_default();
    assert_eq!(envelope.external_user_id.as_str(), id, "what the parser takes is another's, or none");
    assert_eq!(envelope.data.is_empty(), write.is_empty());
    assert_eq!(envelope.data.names_private(), write.keys().any(|name| is_private(name)));

    merges_as_the_model_says(&envelope.data, &write);
    reads_back(&id, &write);
    is_blind_to_private_values(&write);
    let before = std::slice::from_ref(guide());
    let laws = [
        law::disjoint_writes_commute(Record::new, &[], guide(), &write),
        law::deleting_everything_leaves_an_empty_map(Record::new, std::slice::from_ref(&write)),
        law::a_write_is_taken_up_to_each_limit(Record::new, before, &write),
    ];
    for law in laws {
        assert!(law.is_ok(), "{law:?}");
    }
    Ok(())
}

/// On top of the guide's record, under the default limits: taken or refused as a whole, and the second time nothing changes.
fn merges_as_the_model_says(patch: &Patch, write: &Write) {
    let limits = Limits::default();
    let (mut record, mut model) = (Record::new(), Model::default());
    for (patch, write) in [(&law::patch_of(guide()), guide()), (patch, write)] {
        let outcome = record.apply(patch, &limits);
        assert_eq!(outcome.is_ok(), model.takes(write, &limits), "another opinion about the limits");
        if let Ok(outcome) = outcome {
            assert_eq!(outcome.is_effective(), model.apply(write), "another opinion whether it counts");
        }
        is_the_model(&record, &model);
    }
    if model.takes(write, &limits) {
        let again = record.apply(patch, &limits);
        assert!(again.is_ok_and(|outcome| outcome.readable.is_noop()), "the same write changes something");
        is_the_model(&record, &model);
    }
}

fn is_the_model(record: &Record, model: &Model) {
    assert_eq!(record.view().as_json(), model.view());
    let names: Vec<&str> = record.write_only().names().map(WriteOnlyKey::as_str).collect();
    assert_eq!(names, model.names(true));
    assert_eq!(record.readable().canonical_bytes(), model.json(false).len());
    assert_eq!(record.write_only().canonical_bytes(), model.json(true).len());
    let shown: Result<BTreeMap<String, serde_json::Value>, _> = serde_json::from_str(record.view().as_json());
    assert!(shown.is_ok_and(|shown| !shown.keys().any(|name| is_private(name))), "a private key in a view");
}

/// The canonical form is a stored part, and the body of a write, that say the same.
fn reads_back(id: &str, write: &Write) {
    let model = Model::after(std::slice::from_ref(write));
    let view = model.view();
    let record = written(write);
    assert!(ReadablePart::from_json(view.as_bytes()).is_ok_and(|part| part == *record.readable()));

    let body = format!("{{\"externalUserId\":\"{id}\",\"data\":{view}}}");
    let mut again = Record::new();
    let patch = Envelope::from_json(body.as_bytes()).map(|envelope| envelope.data).unwrap_or_default();
    assert!(again.apply(&patch, &unlimited()).is_ok());
    assert_eq!(again.view().as_json(), view, "the canonical form reads as something else");
}

/// Other values of private keys make no other view.
fn is_blind_to_private_values(write: &Write) {
    let mut marked = write.clone();
    for (_, value) in marked.iter_mut().filter(|(name, _)| is_private(name)) {
        *value = value.take().map(|_| Plain::Text("another value".to_owned()));
    }
    assert_eq!(written(&marked).view().as_json(), written(write).view().as_json());
}

fn written(write: &Write) -> Record {
    let mut record = Record::new();
    assert!(record.apply(&law::patch_of(write), &unlimited()).is_ok());
    record
}

fn unlimited() -> Limits {
    Limits { value_bytes: usize::MAX, record_keys: usize::MAX, record_bytes: usize::MAX }
}

fn is_private(name: &str) -> bool {
    name.starts_with("private.")
}

/// The guide's first write, which an input is applied on top of.
fn guide() -> &'static Write {
    static GUIDE: OnceLock<Write> = OnceLock::new();
    GUIDE.get_or_init(|| read(GUIDE_WRITE.as_bytes()).map(|(_, write)| write).unwrap_or_default())
}
