//! `strongroom keys publish`, `keys rotate` and `keys retire`: what others verify with; one signing key follows another, and
//! the last one goes when it may.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use strongroom_jwt::{SigningKeyState, SigningKeys};
use strongroom_ports::{Randomness, Timestamp};
use strongroom_seal::secret_file::read_secret_file;

use crate::config::{Config, Environment, Layers};
use crate::failure::{Failure, refused};
use crate::key_file_replacement::replace_secret_file;

/// Writes the public keys, as a key set.
///
/// # Errors
///
/// [`Failure::Keys`].
pub(crate) fn publish(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let keys = SigningKeys::parse(&read_secret_file(file)?).map_err(refused(file))?;
    out.write_all(&keys.key_set())?;
    Ok(writeln!(out)?)
}

/// Lets the next key sign, from the next start or SIGHUP on.
///
/// # Errors
///
/// [`Failure::Keys`]: the file is as it was.
pub(crate) fn rotate(
    file: &Path,
    now: Timestamp,
    randomness: &dyn Randomness,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    change(file, out, |keys| keys.rotate(now, randomness).map_err(refused(file)))
}

/// Takes a key out, when no token of it can be good, or whatever it signed (`tokens_live` is `None`).
///
/// # Errors
///
/// As [`rotate`].
pub(crate) fn retire(
    file: &Path,
    kid: &str,
    now: Timestamp,
    tokens_live: Option<Duration>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    change(file, out, |keys| {
        match tokens_live {
            Some(tokens_live) => keys.retire(kid, now, tokens_live),
            None => keys.retire_at_once(kid),
        }
        .map_err(refused(file))
    })
}

/// How long tokens are good by a configuration.
///
/// # Errors
///
/// [`Failure::Configuration`].
pub(crate) fn tokens_live(config: &Path, environment: Environment) -> Result<Duration, Failure> {
    let config = Config::load(Layers::new(environment).with_file(config))?.config;
    Ok(config.tokens.longest_life())
}

fn change(
    file: &Path,
    out: &mut dyn Write,
    change: impl FnOnce(&mut SigningKeys) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let before = read_secret_file(file)?;
    let mut keys = SigningKeys::parse(&before).map_err(refused(file))?;
    change(&mut keys)?;
    replace_secret_file(file, &before, keys.to_json().as_bytes())?;
    list_signing_keys(&keys, out)
}

/// Writes what each signing key does.
pub(crate) fn list_signing_keys(keys: &SigningKeys, out: &mut dyn Write) -> Result<(), Failure> {
    for (kid, state) in keys.states() {
        match state {
            SigningKeyState::Signs => writeln!(out, "{kid}  signs and verifies")?,
            SigningKeyState::Waits => writeln!(out, "{kid}  waits, and verifies")?,
            SigningKeyState::Verifies { signed_until } => {
                let until = humantime::format_rfc3339_seconds(SystemTime::from(signed_until));
                writeln!(out, "{kid}  verifies, signed until {until}")?;
            }
        }
    }
    Ok(())
}
