//! `strongroom store …`: check, back up and restore. Works on sealed records: no key is read.

use std::io::Write;
use std::path::PathBuf;

use strongroom_store_sqlite::{OperatorFailure, Report, backup, check, restore};

use crate::cli::{StoreArgs, StoreCommand};
use crate::config::{Config, Environment, Layers};
use crate::dev::STORE;
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
///
/// [`Failure::Configuration`], or [`Failure::Store`].
pub(crate) fn run(
    command: &StoreCommand,
    environment: Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        StoreCommand::Check { store } => {
            let directory = directory(store, environment)?;
            write_report(&check(&directory)?, out)?;
        }
        StoreCommand::Backup { file, store } => {
            let directory = directory(store, environment)?;
            backup(&directory, file)?;
            writeln!(out, "{}: written", file.display())?;
        }
        StoreCommand::Restore { file, force, store } => {
            let directory = directory(store, environment)?;
            restore(&directory, file, *force)?;
            writeln!(out, "{}: restored", directory.display())?;
        }
    }
    Ok(())
}

fn directory(args: &StoreArgs, environment: Environment) -> Result<PathBuf, Failure> {
    match (&args.config, &args.data_dir) {
        (Some(file), _) => Ok(Config::load(Layers::new(environment).with_file(file))?.config.safe.path),
        (None, Some(data_dir)) => Ok(data_dir.join(STORE)),
        (None, None) => Err(Failure::Running("neither --config nor --data-dir was given".to_owned())),
    }
}

fn write_report(report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "schema {}, keys {}", report.schema_version, report.key_ids.join(" "))?;
    writeln!(
        out,
        "{} records ({} of them without a key: erased), {} events, {} sessions",
        report.records, report.records_without_key, report.events, report.sessions
    )?;
    if report.is_sound() {
        writeln!(out, "sound")?;
        return Ok(());
    }
    for finding in &report.findings {
        writeln!(out, "finding: {finding}")?;
    }
    Err(Failure::Store(format!("damaged: {} boxes are missing, findings as above", report.missing_boxes)))
}

impl From<OperatorFailure> for Failure {
    fn from(failure: OperatorFailure) -> Self {
        Self::Store(failure.to_string())
    }
}
