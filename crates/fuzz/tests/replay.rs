//! The corpus, replayed on every build: what was found once stays mended, and the seeds still reach what they were made for.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use strongroom_fuzz::TARGETS;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Judges every file of a target, and asserts that none fails and that these kinds of answer are among theirs.
fn replay(target: &str, kinds: &[&str]) {
    let check = TARGETS.iter().find(|it| it.name == target).unwrap().check;
    let directory = directory().join(target);
    let mut reached = BTreeSet::new();
    let mut failed = Vec::new();
    for name in names(&directory) {
        let input = fs::read(directory.join(&name)).unwrap();
        match catch_unwind(|| check(&input)) {
            Ok(kind) => _ = reached.insert(kind),
            Err(_) => failed.push(name),
        }
    }
    assert_eq!(failed, Vec::<String>::new(), "of {target}");
    let missing: Vec<_> = kinds.iter().filter(|kind| !reached.contains(**kind)).collect();
    assert!(missing.is_empty(), "no file of {target} reaches {missing:?} any more");
}

#[test]
fn every_directory_of_the_corpus_is_a_target_s() {
    let targets = TARGETS.iter().map(|target| target.name.to_owned());
    assert_eq!(names(&directory()), targets.collect());
}

#[test]
fn the_head_gate_holds_for_its_corpus_which_reaches_every_verdict_of_a_scan() {
    let refusals = "LineEnding RequestLine Version Target TargetTooLong HeaderField NameLookalike Framing \
                    HeadTooLarge TooManyFields";
    let passes = ["incomplete", "None", "Length", "Chunked"];
    replay("head-gate", &refusals.split(' ').chain(passes).collect::<Vec<_>>());
}

#[test]
fn answers_of_a_safe_hold_for_their_corpus_which_reaches_every_verdict() {
    let kinds =
        ["cut off", "whole", "whole, and the last", "Lost(Broken)", "Failed(Broken)", "Failed(TooLong)"];
    replay("safe-answer", &kinds);
}

#[test]
fn messages_of_a_client_hold_for_their_corpus_which_reaches_every_kind() {
    let kinds = [
        "no text",
        "malformed",
        "beyond the other reader",
        "Auth",
        "Resume",
        "Ping",
        "GetUserData",
        "Unknown",
    ];
    replay("client-message", &kinds);
}

#[test]
fn heads_of_http_2_hold_for_their_corpus_which_reaches_every_verdict() {
    let refusals =
        "Target TargetTooLong HeaderField NameLookalike Framing HeadTooLarge TooManyFields ForeignTarget";
    replay(
        "http2-head",
        &refusals.split(' ').chain(["malformed", "tunnel", "path", "*"]).collect::<Vec<_>>(),
    );
}

#[test]
fn the_patch_parser_holds_for_its_corpus_which_reaches_every_kind_of_refusal() {
    let kinds = [
        "Ok(())",
        "Err(Malformed)",
        "Err(Shape)",
        "Err(Duplicate)",
        "Err(Depth)",
        "Err(Nested)",
        "Err(ExternalUserId(ExternalUserIdError))",
        "Err(Key(Empty))",
        "Err(Key(TooLong))",
        "Err(Key(Character))",
        "Err(Key(Dot))",
        "Err(Key(Reserved))",
        "Err(Key(LooksPrivate))",
        "Err(Value(NulCharacter))",
        "Err(Number(NotFinite))",
        "Err(Number(NotExact))",
    ];
    replay("patch", &kinds);
}

#[test]
fn the_filter_of_foreign_answers_holds_for_its_corpus_which_reaches_every_end() {
    replay("foreign-view", &["untouched", "cut", "nothing left", "refused"]);
}

#[test]
fn the_check_of_verbs_holds_for_its_corpus_which_reaches_every_verdict() {
    let kinds = [
        "Ok(())",
        "Err(NotOwner(NotOwner))",
        "Err(Json(Malformed))",
        "Err(Json(Shape))",
        "Err(Json(Duplicate))",
        "Err(Json(ExternalUserId(ExternalUserIdError)))",
    ];
    replay("verb-body", &kinds);
}

#[test]
fn the_token_parser_holds_for_its_corpus_which_reaches_every_verdict() {
    let kinds = [
        "known",
        "refused",
        "nobody's",
        "refresh",
        "no text",
        "changed",
        "unchanged",
        "keys",
        "no keys",
        "signing keys",
        "no signing keys",
    ];
    replay("token", &kinds);
}

#[test]
fn passkeys_hold_for_their_corpus_which_reaches_every_end() {
    replay("passkey-credential", &["made", "signed in", "refused", "malformed"]);
}

#[test]
fn sealing_holds_for_its_corpus_which_reaches_every_kind_of_refusal() {
    let kinds = [
        "Ok(())",
        "Err(Refused)",
        "Err(UnknownKey)",
        "sealed",
        "Ok(1)",
        "Ok(2)",
        "NotJson",
        "Shape",
        "Version",
        "IndexKey",
        "SealingKey",
        "KeyId",
        "DuplicateId",
        "DuplicateKey",
        "NoSealingKey",
        "TooManySealingKeys",
    ];
    replay("sealed-box", &kinds);
}

#[test]
fn the_configuration_holds_for_its_corpus_which_has_good_and_bad_ones() {
    replay("configuration", &["in force", "refused"]);
}
