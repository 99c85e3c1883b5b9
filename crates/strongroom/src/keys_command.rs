//! `strongroom keys …`: make key files and say what is in them. Ids are printed, keys never.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use strongroom_jwt::SigningKeys;
use strongroom_ports::{Clock, Randomness};
use strongroom_seal::Keyring;
use strongroom_seal::secret_file::{SecretFileError, read_secret_file, write_new_secret_file};

use crate::cli::{KeyKind, KeysCommand};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
///
/// [`Failure::Keys`] when a file cannot be made, read or understood.
pub(crate) fn run(
    command: &KeysCommand,
    clock: &dyn Clock,
    randomness: &dyn Randomness,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        KeysCommand::New { kind: KeyKind::Sealing, out: file } => {
            let keyring = Keyring::generate(randomness, clock.now());
            write_new_secret_file(file, &keyring.to_json())?;
            list_keyring(&keyring, out)?;
        }
        KeysCommand::New { kind: KeyKind::Signing, out: file } => {
            let keys = SigningKeys::generate(clock.now(), randomness).map_err(refused(file))?;
            write_new_secret_file(file, keys.to_json().as_bytes())?;
            list_signing_keys(&keys, out)?;
        }
        KeysCommand::List { file } => list(file, out)?,
        KeysCommand::Add { file } => {
            let mut keyring = Keyring::parse(&read_secret_file(file)?).map_err(refused(file))?;
            keyring.add_sealing_key(randomness, clock.now()).map_err(refused(file))?;
            replace_secret_file(file, &keyring.to_json())?;
            list_keyring(&keyring, out)?;
        }
    }
    Ok(())
}

fn list(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let content = read_secret_file(file)?;
    match (Keyring::parse(&content), SigningKeys::parse(&content)) {
        (Ok(keyring), _) => list_keyring(&keyring, out)?,
        (_, Ok(keys)) => list_signing_keys(&keys, out)?,
        (Err(sealing), Err(signing)) => {
            let message = format!("neither sealing keys ({sealing}) nor signing keys ({signing})");
            return Err(refused(file)(message));
        }
    }
    Ok(())
}

fn list_keyring(keyring: &Keyring, out: &mut dyn Write) -> io::Result<()> {
    list_ids(keyring.key_ids(), "seals and opens", "opens", out)
}

fn list_signing_keys(keys: &SigningKeys, out: &mut dyn Write) -> io::Result<()> {
    list_ids(keys.kids(), "signs and verifies", "verifies", out)
}

fn list_ids<'k>(
    ids: impl Iterator<Item = &'k str>,
    first_does: &str,
    others_do: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, id) in ids.enumerate() {
        writeln!(out, "{id}  {}", if index == 0 { first_does } else { others_do })?;
    }
    Ok(())
}

/// Puts new content in the place of a secret file: whoever reads sees the old or the new, and a crash leaves one of the
/// two. A new file stands beside it for a moment, which also keeps two of us apart.
fn replace_secret_file(file: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| refused(file)(format!("could not be replaced: {error}"));
    let file = fs::canonicalize(file).map_err(failed)?;
    if fs::metadata(&file).map_err(failed)?.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(&file)(
            "belongs to another account, which could not read the new one".to_owned(),
        ));
    }
    let mut beside = file.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    write_new_secret_file(&beside, content)?;
    fs::rename(&beside, &file).map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })?;
    let directory = file.parent().unwrap_or(Path::new("/"));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}

fn refused<E: ToString>(file: &Path) -> impl Fn(E) -> Failure {
    move |error| Failure::Keys(format!("{}: {}", file.display(), error.to_string()))
}

impl From<SecretFileError> for Failure {
    fn from(error: SecretFileError) -> Self {
        Self::Keys(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use strongroom_seal::SystemRandomness;

    use super::*;
    use crate::system_clock::SystemClock;

    fn run_to_text(command: &KeysCommand) -> Result<String, Failure> {
        let mut out = Vec::new();
        run(command, &SystemClock, &SystemRandomness, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    fn new(kind: KeyKind, file: &Path) -> Result<String, Failure> {
        run_to_text(&KeysCommand::New { kind, out: file.to_owned() })
    }

    fn list(file: &Path) -> Result<String, Failure> {
        run_to_text(&KeysCommand::List { file: file.to_owned() })
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_lists_what_was_printed_when_it_was_made() {
        let directory = tempfile::tempdir().unwrap();
        for (kind, does) in
            [(KeyKind::Sealing, "seals and opens\n"), (KeyKind::Signing, "signs and verifies\n")]
        {
            let file = directory.path().join(format!("{kind:?}"));
            let made = new(kind, &file).unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(made.ends_with(does), "{made}");
            assert_eq!(list(&file).unwrap(), made);
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        let made = new(KeyKind::Sealing, &file).unwrap();
        for kind in [KeyKind::Sealing, KeyKind::Signing] {
            assert_eq!(new(kind, &file).unwrap_err().code(), 4);
        }
        assert_eq!(list(&file).unwrap(), made);
    }

    #[test]
    fn an_added_key_stands_first_and_the_old_one_still_opens() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        let made = new(KeyKind::Sealing, &file).unwrap();
        let added = run_to_text(&KeysCommand::Add { file: file.clone() }).unwrap();
        let (new_line, old_line) = added.split_once('\n').unwrap();
        assert!(new_line.ends_with("  seals and opens"), "{added}");
        assert_eq!(old_line, made.replace("seals and opens", "opens"));
        assert_eq!(list(&file).unwrap(), added);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn signing_keys_are_no_keyring_to_add_to() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("signing.json");
        let made = new(KeyKind::Signing, &file).unwrap();
        assert_eq!(run_to_text(&KeysCommand::Add { file: file.clone() }).unwrap_err().code(), 4);
        assert_eq!(list(&file).unwrap(), made);
    }

    #[test]
    fn a_listing_and_a_refusal_hold_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        let made = new(KeyKind::Sealing, &file).unwrap();
        let content = fs::read_to_string(&file).unwrap();
        let mut strings = content.split('"').filter(|text| text.len() == 43);
        let key = strings.next().unwrap();
        assert!(!made.contains(key));

        let broken = directory.path().join("broken.json");
        write_new_secret_file(&broken, content.replace("version", "verzion").as_bytes()).unwrap();
        let failure = list(&broken).unwrap_err();
        assert_eq!(failure.code(), 4);
        assert!(!failure.to_string().contains(key));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        new(KeyKind::Sealing, &file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(list(&file).unwrap_err().code(), 4);
    }
}
