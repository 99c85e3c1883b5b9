//! `strongroom store …`: check, count, back up and restore. Works on sealed records: no key is read.

use std::io::Write;
use std::path::PathBuf;

use strongroom_app::wrapped_key_of_note;
use strongroom_ports::{Clock, Timestamp};
use strongroom_seal::wrapped_by;
use strongroom_store_sqlite::{
    AccountFigures, Figures, OperatorFailure, Report, WrappedBy, backup, check, figures, restore,
};

use crate::cli::{Format, StoreArgs, StoreCommand};
use crate::config::{Config, Environment, Layers, Place};
use crate::dev::STORE;
use crate::failure::Failure;

/// By which sealing key: as the sealer writes wrapped keys, and the application notes.
const WRAPPED_BY: WrappedBy =
    WrappedBy { key: wrapped_by, note: |note| wrapped_key_of_note(note).and_then(wrapped_by) };

/// Runs the command.
///
/// # Errors
///
/// [`Failure::Configuration`], or [`Failure::Store`].
pub(crate) fn run(
    command: &StoreCommand,
    environment: Environment,
    clock: &dyn Clock,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        StoreCommand::Check { store } => {
            let directory = directory(store, environment)?;
            write_report(&check(&directory)?, out)?;
        }
        StoreCommand::Stats { format, store } => {
            let now = clock.now();
            let figures = figures(&directory(store, environment)?, now, WRAPPED_BY)?;
            match format {
                Format::Text => write_figures(&figures, now, out)?,
                Format::Json => writeln!(out, "{}", json(&figures))?,
            }
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
        (Some(file), _) => match Config::load(Layers::new(environment).with_file(file))?.config.place {
            Place::Here(safe) => Ok(safe.path),
            Place::Remote(_) => Err(Failure::Running(format!(
                "{}: a gateway has no store: ask where the safe is",
                file.display()
            ))),
        },
        (None, Some(data_dir)) => Ok(data_dir.join(STORE)),
        (None, None) => Err(Failure::Running("neither --config nor --data-dir was given".to_owned())),
    }
}

fn write_report(report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "schema {}, keys {}", report.schema_version, report.key_ids.join(" "))?;
    writeln!(
        out,
        "{} records ({} of them without a key: erased), {} events, {} sessions, {} passkeys, {} mails waiting",
        report.records,
        report.records_without_key,
        report.events,
        report.sessions,
        report.passkeys,
        report.mails
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

fn write_figures(figures: &Figures, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    let Figures { records, events, erasures, sessions, sessions_revoked, sessions_lapsed, .. } = figures;
    writeln!(out, "schema     {}", figures.schema_version)?;
    for key in &figures.keys {
        writeln!(out, "key        {} wraps {}", key.id, key.wraps)?;
    }
    if figures.wrapped_by_none > 0 {
        writeln!(out, "key        none of these wraps {}", figures.wrapped_by_none)?;
    }
    writeln!(out, "records    {records}, the largest of {} bytes", figures.largest_record_bytes)?;
    writeln!(out, "events     {events}, {erasures} of them erasures")?;
    write!(out, "sessions   {sessions}, {sessions_revoked} of them ended, {sessions_lapsed} lapsed")?;
    if let (Some(oldest), Some(last)) = (figures.oldest_session, figures.last_lapse) {
        let (age, left) = (now.secs() - oldest.secs(), last.secs() - now.secs());
        write!(out, "; the oldest began {age} s ago, the last lapses in {left} s")?;
    }
    let AccountFigures { passkeys, codes, mails, mails_put_off, .. } = figures.accounts;
    writeln!(out, "\npasskeys   {passkeys}")?;
    writeln!(out, "mails      {mails} waiting, {mails_put_off} of them tried before; {codes} codes")?;
    writeln!(
        out,
        "database   {} bytes, {} pages of {}, {} of them free, {} free slots for keys, {} for boxes",
        figures.database_bytes,
        figures.pages,
        figures.page_bytes,
        figures.free_pages,
        figures.free_key_slots,
        figures.accounts.free_box_slots
    )?;
    writeln!(out, "log        {} bytes", figures.log_bytes)?;
    writeln!(
        out,
        "boxes      {} bytes public, {} private, {} of events",
        figures.public_box_bytes, figures.private_box_bytes, figures.event_bytes
    )?;
    Ok(())
}

fn json(figures: &Figures) -> serde_json::Value {
    let millis = |time: Option<Timestamp>| time.map(Timestamp::millis);
    let keys = figures.keys.iter().map(|key| serde_json::json!({ "id": key.id, "wraps": key.wraps }));
    serde_json::json!({
        "schema_version": figures.schema_version,
        "keys": keys.collect::<Vec<_>>(),
        "wrapped_by_none": figures.wrapped_by_none,
        "records": figures.records,
        "events": figures.events,
        "erasures": figures.erasures,
        "sessions": {
            "all": figures.sessions,
            "revoked": figures.sessions_revoked,
            "lapsed": figures.sessions_lapsed,
            "oldest_began_at_ms": millis(figures.oldest_session),
            "last_lapses_at_ms": millis(figures.last_lapse),
        },
        "passkeys": figures.accounts.passkeys,
        "codes": figures.accounts.codes,
        "mails": { "waiting": figures.accounts.mails, "tried_before": figures.accounts.mails_put_off },
        "box_slots": { "all": figures.accounts.box_slots, "free": figures.accounts.free_box_slots },
        "pages": { "all": figures.pages, "free": figures.free_pages, "bytes_each": figures.page_bytes },
        "free_key_slots": figures.free_key_slots,
        "bytes": {
            "database": figures.database_bytes,
            "log": figures.log_bytes,
            "public_boxes": figures.public_box_bytes,
            "private_boxes": figures.private_box_bytes,
            "events": figures.event_bytes,
            "largest_record": figures.largest_record_bytes,
        },
    })
}

impl From<OperatorFailure> for Failure {
    fn from(failure: OperatorFailure) -> Self {
        Self::Store(failure.to_string())
    }
}
