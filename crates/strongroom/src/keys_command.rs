//! `strongroom keys …`: make key files, change them, and say what is in them. Ids are printed, keys never.

use std::io::Write;
use std::path::Path;

use strongroom_jwt::SigningKeys;
use strongroom_ports::{Clock, Randomness};
use strongroom_seal::Keyring;
use strongroom_seal::secret_file::{read_secret_file, write_new_secret_file};
use zeroize::Zeroizing;

use crate::cli::{KeyKind, KeysCommand};
use crate::config::{Environment, LONGEST_TOKEN_LIFE};
use crate::failure::{Failure, refused};
use crate::key_file_replacement::replace_secret_file;
use crate::signing_keys_command::{self, list_signing_keys};

/// Runs the command.
///
/// # Errors
///
/// [`Failure::Keys`] when a file cannot be made, read or understood.
pub(crate) fn run(
    command: &KeysCommand,
    environment: Environment,
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
        KeysCommand::Add { file } => match read(file)? {
            (Keys::Sealing(mut keyring), before) => {
                keyring.add_sealing_key(randomness, clock.now()).map_err(refused(file))?;
                replace_secret_file(file, &before, &keyring.to_json())?;
                list_keyring(&keyring, out)?;
            }
            (Keys::Signing(mut keys), before) => {
                keys.add(clock.now(), randomness).map_err(refused(file))?;
                replace_secret_file(file, &before, keys.to_json().as_bytes())?;
                list_signing_keys(&keys, out)?;
            }
        },
        KeysCommand::Publish { file } => signing_keys_command::publish(file, out)?,
        KeysCommand::Rotate { file } => {
            signing_keys_command::rotate(file, clock.now(), randomness, out)?;
        }
        KeysCommand::Retire { file, kid, config, force } => {
            let tokens_live = match config {
                Some(config) => signing_keys_command::tokens_live(config, environment)?,
                None => LONGEST_TOKEN_LIFE,
            };
            let tokens_live = (!force).then_some(tokens_live);
            signing_keys_command::retire(file, kid, clock.now(), tokens_live, out)?;
        }
    }
    Ok(())
}

/// What a key file may hold.
enum Keys {
    Sealing(Keyring),
    Signing(SigningKeys),
}

/// The keys of a file, and its bytes.
fn read(file: &Path) -> Result<(Keys, Zeroizing<Vec<u8>>), Failure> {
    let content = read_secret_file(file)?;
    match (Keyring::parse(&content), SigningKeys::parse(&content)) {
        (Ok(keyring), _) => Ok((Keys::Sealing(keyring), content)),
        (_, Ok(keys)) => Ok((Keys::Signing(keys), content)),
        (Err(sealing), Err(signing)) => {
            let message = format!("neither sealing keys ({sealing}) nor signing keys ({signing})");
            Err(refused(file)(message))
        }
    }
}

fn list(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    match read(file)?.0 {
        Keys::Sealing(keyring) => list_keyring(&keyring, out),
        Keys::Signing(keys) => list_signing_keys(&keys, out),
    }
}

fn list_keyring(keyring: &Keyring, out: &mut dyn Write) -> Result<(), Failure> {
    for (index, id) in keyring.key_ids().enumerate() {
        writeln!(out, "{id}  {}", if index == 0 { "seals and opens" } else { "opens" })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use strongroom_seal::SystemRandomness;

    use super::*;
    use crate::system_clock::SystemClock;

    fn run_to_text(command: &KeysCommand) -> Result<String, Failure> {
        let mut out = Vec::new();
        run(command, Vec::new(), &SystemClock, &SystemRandomness, &mut out)
            .map(|()| String::from_utf8(out).unwrap())
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
    fn what_is_published_names_the_keys_of_the_file_in_its_order_and_holds_no_private_half() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("gateway.json");
        new(KeyKind::Signing, &file).unwrap();
        run_to_text(&KeysCommand::Add { file: file.clone() }).unwrap();
        let published = run_to_text(&KeysCommand::Publish { file: file.clone() }).unwrap();
        let (set, rest) = published.split_once('\n').unwrap();
        assert_eq!(rest, "");
        let set: serde_json::Value = serde_json::from_str(set).unwrap();
        let kids: Vec<_> =
            set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(kids, [kid(&file, 0), kid(&file, 1)]);
        let content = fs::read_to_string(&file).unwrap();
        let private: Vec<_> = content.split('"').filter(|text| text.len() == 43).collect();
        assert_eq!(private.len(), 2);
        assert!(private.iter().all(|key| !published.contains(key)) && !published.contains("\"d\""));
    }

    #[test]
    fn sealing_keys_have_no_public_half() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        new(KeyKind::Sealing, &file).unwrap();
        assert_eq!(run_to_text(&KeysCommand::Publish { file }).unwrap_err().code(), 4);
    }

    /// What each key of a file of signing keys does, by `keys list`.
    fn told(file: &Path) -> Vec<String> {
        let does = |line: &str| line.split_once("  ").unwrap().1.to_owned();
        list(file).unwrap().lines().map(does).collect()
    }

    fn kid(file: &Path, place: usize) -> String {
        list(file).unwrap().lines().nth(place).unwrap().split(' ').next().unwrap().to_owned()
    }

    #[test]
    fn an_added_signing_key_waits_until_it_is_rotated_in_and_the_old_one_stays_while_its_tokens_live() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("signing.json");
        new(KeyKind::Signing, &file).unwrap();
        let printed = run_to_text(&KeysCommand::Add { file: file.clone() }).unwrap();
        assert_eq!(told(&file), ["signs and verifies", "waits, and verifies"]);
        assert_eq!(printed, list(&file).unwrap());
        let (old, next) = (kid(&file, 0), kid(&file, 1));
        run_to_text(&KeysCommand::Rotate { file: file.clone() }).unwrap();
        assert_eq!((kid(&file, 0), kid(&file, 1)), (next, old.clone()));
        assert!(told(&file)[1].starts_with("verifies, signed until 20"), "{:?}", told(&file));

        let before = fs::read(&file).unwrap();
        let retire = |config, force| {
            run_to_text(&KeysCommand::Retire { file: file.clone(), kid: old.clone(), config, force })
        };
        let refused = retire(None, false).unwrap_err();
        assert_eq!(refused.code(), 4);
        // Ninety days and five minutes, less what passed since.
        assert!(refused.to_string().contains("for another 7776"), "{refused}");
        let config = directory.path().join("strongroom.toml");
        fs::write(&config, "tokens.refresh_lifetime_s = 3600\n[[tenant]]\nrp_id = \"localhost\"\n").unwrap();
        let refused = retire(Some(config.clone()), false).unwrap_err();
        assert!(refused.to_string().contains("for another 36"), "{refused}");
        fs::write(&config, "nonsense").unwrap();
        assert_eq!(retire(Some(config), false).unwrap_err().code(), 3);
        assert_eq!(fs::read(&file).unwrap(), before, "a refusal changes nothing");

        retire(None, true).unwrap();
        assert_eq!(told(&file), ["signs and verifies"]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_key_that_signs_and_one_that_is_not_there_are_not_taken_out_even_by_force() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("signing.json");
        new(KeyKind::Signing, &file).unwrap();
        for (kid, why) in [(kid(&file, 0), "rotate first"), ("other".to_owned(), "no key has this kid")] {
            for force in [false, true] {
                let retire =
                    KeysCommand::Retire { file: file.clone(), kid: kid.clone(), config: None, force };
                let refused = run_to_text(&retire).unwrap_err();
                assert!(refused.code() == 4 && refused.to_string().contains(why), "{refused}");
            }
        }
    }

    #[test]
    fn a_keyring_has_no_turns() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keyring.json");
        let made = new(KeyKind::Sealing, &file).unwrap();
        assert_eq!(run_to_text(&KeysCommand::Rotate { file: file.clone() }).unwrap_err().code(), 4);
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
