//! What always holds of the rules, whatever is written: laws, checked by `proptest` against a plain-map model.
//!
//! A service that wraps the domain's record implements [`Subject`] for its wrapper and calls [`hold_for`]: a wrapper that
//! drops, adds, reorders or leaks anything is found out, with the shortest write that does it.
//!
//! ```
//! strongroom_testkit::law::hold_for(strongroom_domain::Record::new);
//! ```
//!
//! Each law is also a function of its own, for a `proptest!` with other strategies; it answers what `proptest` expects.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use strongroom_domain::{LimitExceeded, Limits, Patch, Record};

mod foreign;
mod key;
mod merge;
mod model;
mod number;
mod part;
mod revision;
pub mod strategy;
mod text;

pub use foreign::{
    Foreign, ForeignMember, a_foreign_answer_is_filtered_as_its_tree_is, a_view_passes_as_a_foreign_answer,
    no_beginning_of_a_foreign_answer_is_one,
};
pub use key::a_key_is_what_its_name_says;
pub use merge::{
    a_write_is_taken_up_to_each_limit, applying_equals_the_model, applying_twice_is_no_change,
    deleting_everything_leaves_an_empty_map, disjoint_writes_commute,
    limits_are_exact_and_a_refused_write_changes_nothing, private_keys_never_show,
};
pub use model::{Model, Plain, Write, patch_of};
pub use number::{
    a_number_is_accepted_exactly_when_it_comes_back, every_spelling_is_one_number, numbers_round_trip,
};
pub use part::{
    a_fold_tells_what_its_writes_did_in_turn, a_part_knows_its_length, a_view_reads_back_as_the_part,
    listeners_are_told_the_difference, the_write_only_part_equals_the_model,
};
pub use revision::{only_the_written_form_is_a_revision, revisions_round_trip};
pub use text::{
    a_member_named_twice_is_refused, an_envelope_reads_as_it_was_written, no_beginning_of_an_envelope_is_one,
};

/// Cases of each law; enough to meet every pair of neighbouring rules, few enough that all laws take a blink.
pub const CASES: u32 = 64;

/// A record, however a service wraps it.
pub trait Subject {
    /// Applies the whole patch or none of it; whether the write counts, as
    /// [`Outcome::is_effective`](strongroom_domain::Outcome::is_effective) says.
    ///
    /// # Errors
    ///
    /// [`LimitExceeded`]; nothing changed then.
    fn apply(&mut self, patch: &Patch, limits: &Limits) -> Result<bool, LimitExceeded>;

    /// What a reader gets, as JSON text; `{}` where there is nothing to read.
    fn view(&self) -> String;

    /// The names of write-only keys, ordered bytewise.
    fn write_only_names(&self) -> Vec<String>;
}

impl Subject for Record {
    fn apply(&mut self, patch: &Patch, limits: &Limits) -> Result<bool, LimitExceeded> {
        Record::apply(self, patch, limits).map(|outcome| outcome.is_effective())
    }

    fn view(&self) -> String {
        Record::view(self).as_json().to_owned()
    }

    fn write_only_names(&self) -> Vec<String> {
        self.write_only().names().map(|key| key.as_str().to_owned()).collect()
    }
}

/// Checks every law of merging for the records that `make` makes, each empty.
///
/// # Panics
///
/// At the first law that is broken, with the smallest writes that break it.
pub fn hold_for<S: Subject>(make: impl Fn() -> S) {
    use strategy::{limits, readable_write, write, writes};

    check("applying equals the model", &writes(), |writes| applying_equals_the_model(&make, &writes));
    check("applying twice is no change", &(writes(), readable_write()), |(before, write)| {
        applying_twice_is_no_change(&make, &before, &write)
    });
    check("disjoint writes commute", &(writes(), write(), write()), |(before, one, other)| {
        disjoint_writes_commute(&make, &before, &one, &other)
    });
    check("private keys never show", &writes(), |writes| private_keys_never_show(&make, &writes));
    check("deleting everything leaves an empty map", &writes(), |writes| {
        deleting_everything_leaves_an_empty_map(&make, &writes)
    });
    check(
        "limits are exact and a refused write changes nothing",
        &(limits(), writes()),
        |(limits, writes)| limits_are_exact_and_a_refused_write_changes_nothing(&make, &limits, &writes),
    );
}

/// Checks one law for [`CASES`] inputs of a strategy, and shrinks the one that breaks it.
///
/// # Panics
///
/// When the law is broken, with the smallest input that breaks it.
pub fn check<S: Strategy>(law: &str, inputs: &S, test: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    // Files beside the sources are for a `proptest!` of one's own.
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    if let Err(broken) = TestRunner::new(config).run(inputs, test) {
        panic!("{law}: {broken}");
    }
}
