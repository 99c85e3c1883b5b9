//! The laws of the rules, against a plain-map model; strategies and model are the testkit's.

use strongroom_domain::{Key, Record};
use strongroom_testkit::law::{self, check, strategy};

#[test]
fn the_laws_of_merging_hold_for_a_record() {
    law::hold_for(Record::new);
}

#[test]
fn a_key_is_what_its_name_says() {
    check("a key is what its name says", &strategy::any_name(), |name| {
        law::a_key_is_what_its_name_says(&name)
    });
}

#[test]
fn every_refused_name_is_refused_and_every_other_is_not() {
    check("refused", &strategy::refused_key(), |name| {
        proptest::prop_assert!(Key::parse(&name).is_err(), "{name:?}");
        Ok(())
    });
    check("write-only", &strategy::write_only_key(), |name| {
        proptest::prop_assert!(matches!(Key::parse(&name), Ok(Key::WriteOnly(_))), "{name:?}");
        Ok(())
    });
    check("readable", &strategy::readable_key(), |name| {
        proptest::prop_assert!(matches!(Key::parse(&name), Ok(Key::Readable(_))), "{name:?}");
        Ok(())
    });
}

#[test]
fn numbers_round_trip() {
    check("numbers round trip", &strategy::finite_f64(), law::numbers_round_trip);
}

#[test]
fn every_spelling_is_one_number() {
    check("every spelling is one number", &strategy::spellings(), |(exact, spellings)| {
        law::every_spelling_is_one_number(&exact, &spellings)
    });
}

#[test]
fn a_number_is_accepted_exactly_when_it_comes_back() {
    check("a number is accepted exactly when it comes back", &strategy::number_text(), |text| {
        law::a_number_is_accepted_exactly_when_it_comes_back(&text)
    });
}

#[test]
fn a_part_knows_its_length() {
    check("a part knows its length", &strategy::writes(), |writes| law::a_part_knows_its_length(&writes));
}

#[test]
fn the_write_only_part_equals_the_model() {
    check("the write-only part equals the model", &strategy::writes(), |writes| {
        law::the_write_only_part_equals_the_model(&writes)
    });
}

#[test]
fn listeners_are_told_the_difference() {
    check(
        "listeners are told the difference",
        &(strategy::writes(), strategy::write()),
        |(before, write)| law::listeners_are_told_the_difference(&before, &write),
    );
}

#[test]
fn a_fold_tells_what_its_writes_did_in_turn() {
    check(
        "a fold tells what its writes did in turn",
        &(strategy::writes(), strategy::writes()),
        |(before, writes)| law::a_fold_tells_what_its_writes_did_in_turn(&before, &writes),
    );
}

#[test]
fn a_view_reads_back_as_the_part() {
    check("a view reads back as the part", &strategy::writes(), |writes| {
        law::a_view_reads_back_as_the_part(&writes)
    });
}

#[test]
fn revisions_round_trip() {
    check("revisions round trip", &strategy::revision(), law::revisions_round_trip);
}

#[test]
fn only_the_written_form_is_a_revision() {
    check("only the written form is a revision", &strategy::revision_like(), |text| {
        law::only_the_written_form_is_a_revision(&text)
    });
}

#[test]
fn an_envelope_reads_as_it_was_written() {
    check("an envelope reads as it was written", &body(), |(write, escaped)| {
        law::an_envelope_reads_as_it_was_written(&write, escaped)
    });
}

#[test]
fn no_beginning_of_an_envelope_is_one() {
    check("no beginning of an envelope is one", &body(), |(write, escaped)| {
        law::no_beginning_of_an_envelope_is_one(&write, escaped)
    });
}

#[test]
fn a_member_named_twice_is_refused() {
    check("a member named twice is refused", &body(), |(write, escaped)| {
        law::a_member_named_twice_is_refused(&write, escaped)
    });
}

#[test]
fn a_foreign_answer_is_filtered_as_its_tree_is() {
    check("a foreign answer is filtered as its tree is", &foreign(), |(members, escaped)| {
        law::a_foreign_answer_is_filtered_as_its_tree_is(&members, escaped)
    });
}

#[test]
fn no_beginning_of_a_foreign_answer_is_one() {
    check("no beginning of a foreign answer is one", &foreign(), |(members, escaped)| {
        law::no_beginning_of_a_foreign_answer_is_one(&members, escaped)
    });
}

#[test]
fn a_view_passes_as_a_foreign_answer() {
    check("a view passes as a foreign answer", &strategy::write(), |write| {
        law::a_view_passes_as_a_foreign_answer(&write)
    });
}

fn foreign() -> impl proptest::strategy::Strategy<Value = (Vec<law::ForeignMember>, bool)> {
    (strategy::foreign_members(), proptest::bool::ANY)
}

fn body() -> impl proptest::strategy::Strategy<Value = (law::Write, bool)> {
    (strategy::write(), proptest::bool::ANY)
}
