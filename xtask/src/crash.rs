//! `cargo xtask crash`: power cuts at random instants, more of them than the tests take the time for.
//!
//! The rounds themselves are a test, `it/crash`; this hands it their number and the seed.

use crate::workspace::{Outcome, command, run as sh};

const TEST: &str = "crash::what_was_acknowledged_survives_kill_9_whole_and_nothing_else_appears";
const ROUNDS: u64 = 200;

/// What is handed to the test.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    rounds: u64,
    /// Where the instants come from; the test draws one, and prints it, when there is none.
    seed: Option<u64>,
}

/// Runs the rounds; the test says how many of what were answered.
///
/// # Errors
///
/// An unknown option, or a round that lost, tore or made up something.
pub(crate) fn run(words: &[String]) -> Outcome {
    let plan = plan(words)?;
    let mut test = command("cargo test --locked -p strongroom --test it -- --exact");
    test.arg(TEST).env("CRASH_ROUNDS", plan.rounds.to_string());
    if let Some(seed) = plan.seed {
        test.env("CRASH_SEED", seed.to_string());
    }
    sh(test)
}

fn plan(words: &[String]) -> Outcome<Plan> {
    let mut plan = Plan { rounds: ROUNDS, seed: None };
    for pair in words.chunks(2) {
        let number = pair.get(1).and_then(|value| value.parse().ok());
        let number = number.ok_or_else(|| format!("`{}` needs a number", pair[0]))?;
        match pair[0].as_str() {
            "--rounds" if number > 0 => plan.rounds = number,
            "--seed" => plan.seed = Some(number),
            option => return Err(format!("`{option} {number}` is no option").into()),
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan_of(text: &str) -> Outcome<Plan> {
        plan(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn rounds_and_seed_are_numbers() {
        assert_eq!(plan_of("").unwrap(), Plan { rounds: ROUNDS, seed: None });
        assert_eq!(plan_of("--seed 7 --rounds 3").unwrap(), Plan { rounds: 3, seed: Some(7) });
        for wrong in ["--rounds", "--rounds many", "--rounds 0", "--round 3"] {
            assert!(plan_of(wrong).is_err(), "{wrong}");
        }
    }
}
