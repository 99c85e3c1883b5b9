//! What must hold for every input of the parsers that meet strangers' bytes, or an operator's: eleven functions of bytes,
//! each of which ends the process by a failed assertion where it does not hold.
//!
//! Never part of the product. `cargo test` replays the corpus beside this crate; `cargo xtask fuzz` looks for inputs that
//! nobody thought of, guided by coverage. An input that fails belongs into the corpus with the change that mends it.

mod client_message;
#[cfg(not(test))]
mod configuration;
mod decimal;
mod edits;
mod envelope_model;
mod foreign_model;
mod foreign_view;
mod head_gate;
mod http2_head;
mod json_model;
mod keyring_model;
mod passkey_credential;
mod patch;
mod safe_answer;
mod sealed_box;
mod token;
mod token_model;
mod token_world;
mod verb_body;

/// The binary has no library: its configuration is compiled here from the very same files, without its tests.
#[cfg(not(test))]
#[path = "../../strongroom/src"]
mod binary {
    #[expect(dead_code, unused_imports, reason = "only the binary reads files, and uses what it has read")]
    pub(crate) mod config;
}

/// One parser, and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its directory of the corpus.
    pub name: &'static str,
    /// Asserts what must hold for an input, and says what the parser made of it: a kind, never the input.
    pub check: fn(&[u8]) -> String,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "head-gate", check: head_gate::check },
    Target { name: "http2-head", check: http2_head::check },
    Target { name: "patch", check: |input| format!("{:?}", patch::check(input)) },
    Target { name: "foreign-view", check: |input| foreign_view::check(input).to_owned() },
    Target { name: "client-message", check: client_message::check },
    Target { name: "verb-body", check: |input| format!("{:?}", verb_body::check(input)) },
    Target { name: "token", check: |input| token::check(input).to_owned() },
    Target { name: "passkey-credential", check: |input| passkey_credential::check(input).to_owned() },
    Target { name: "safe-answer", check: safe_answer::check },
    Target { name: "sealed-box", check: sealed_box::check },
    #[cfg(not(test))]
    Target { name: "configuration", check: |input| configuration::check(input).to_owned() },
];
