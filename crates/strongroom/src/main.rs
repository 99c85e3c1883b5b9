//! Strongroom keeps people's private data so that an application does not have to.
//!
//! Thin: read the command line, run the command, say how it ended. What a command needs of the process (environment,
//! clock, randomness, standard output) is handed to it here; exit codes are in [`failure`].

mod cli;
mod compose;
mod config;
mod config_command;
mod dev;
mod failure;
mod hardening;
mod key_changes;
mod key_file_replacement;
mod key_files;
mod keys_command;
mod logging;
mod mail_delivery;
mod mailer;
mod metrics;
mod serve;
mod signing_keys_command;
mod store_command;
mod system_clock;
mod upstream_metrics;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use strongroom_seal::SystemRandomness;

use crate::cli::{Cli, Command};
use crate::config::Environment;
use crate::failure::Failure;
use crate::system_clock::SystemClock;

/// Several small pieces of memory a request, on a few threads that live as long as the process (ADR 0014).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    logging::hush_panics();
    let unhardened = hardening::forbid_memory_dumps().err();
    hardening::raise_open_files();
    let cli = Cli::parse();
    if let Some(error) = unhardened {
        say(&format!("core dumps could not be switched off: {error}"));
    }
    match run(&cli.command, std::env::vars_os().collect(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure);
            ExitCode::from(&failure)
        }
    }
}

fn run(command: &Command, environment: Environment, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Dev(args) => dev::run(args, out),
        Command::Serve(args) => serve::run(args, environment),
        Command::Config(command) => config_command::run(command, environment, out),
        Command::Keys(command) => {
            keys_command::run(command, environment, &SystemClock, &SystemRandomness, out)
        }
        Command::Store(command) => store_command::run(command, environment, &SystemClock, out),
    }?;
    Ok(out.flush()?)
}

/// To standard error; if that is gone, there is nobody left to tell.
fn say(message: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr(), "strongroom: {message}");
}
