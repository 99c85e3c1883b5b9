//! What every contender must answer before it is timed: a server that lets everybody in is fast.

use super::contender::Contender;
use super::load::Person;
use super::process;
use super::tokens::Tokens;
use crate::http_client::Connection;
use crate::workspace::Outcome;

/// Our binary counts the cores that it may use; more than one worker would mean that it was not held to its core.
///
/// # Errors
///
/// It has another number.
pub(super) fn has_one_core(ours: &Contender) -> Outcome {
    match process::threads_named(ours.pid(), "core-")? {
        1 => Ok(()),
        workers => Err(format!("{} has {workers} workers on one core", ours.name).into()),
    }
}

/// What every gateway must do before it is timed.
///
/// # Errors
///
/// A wrong answer, by the names of the contender and the case.
pub(super) fn of_a_gateway(contender: &Contender, tokens: &Tokens, safe: &str) -> Outcome {
    passes_the_owner(contender, tokens, safe)?;
    answers(contender, "no token", &tokens.without_token(), 401)?;
    answers(contender, "a forged token", &tokens.forged()?, 401)?;
    answers(contender, "another's id", &tokens.foreign(), 400)?;
    Ok(())
}

/// What a proxy without authentication can be asked: it lets everybody in.
///
/// # Errors
///
/// A wrong answer, by the names of the contender and the case.
pub(super) fn of_a_plain_proxy(contender: &Contender, tokens: &Tokens, safe: &str) -> Outcome {
    passes_the_owner(contender, tokens, safe)
}

/// What a safe by itself must do before it is timed; it has been given the first person's record then.
///
/// # Errors
///
/// A wrong answer, by the name of the case.
pub(super) fn of_a_safe(authority: &str, people: &[Person]) -> Outcome {
    let [first, second, ..] = people else { return Err("two people at least".into()) };
    for (case, request, expected) in [
        ("a write", first.merge(authority, 0), 200),
        ("the owner", first.read(authority), 200),
        ("no token", first.read_without_token(authority), 401),
        ("another's id", first.read_of(second, authority), 400),
    ] {
        let status = Connection::open(authority)?.ask(&request)?.status;
        if status != expected {
            return Err(format!("our safe answers {case} with {status} instead of {expected}").into());
        }
    }
    Ok(())
}

/// The owner is given what the safe itself says.
fn passes_the_owner(contender: &Contender, tokens: &Tokens, safe: &str) -> Outcome {
    let request = tokens.warm(0);
    let record = Connection::open(safe)?.ask(&request)?.body;
    if answers(contender, "the owner", &request, 200)? == record {
        Ok(())
    } else {
        Err(format!("{} answers the owner with something else than the safe's record", contender.name).into())
    }
}

fn answers(contender: &Contender, case: &str, request: &[u8], expected: u16) -> Outcome<Vec<u8>> {
    let answer = Connection::open(&contender.authority())?.ask(request)?;
    if answer.status != expected {
        let (name, status) = (contender.name, answer.status);
        return Err(format!("{name} answers {case} with {status} instead of {expected}").into());
    }
    Ok(answer.body)
}
