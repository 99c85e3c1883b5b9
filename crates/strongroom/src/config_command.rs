//! `strongroom config …`: print an example, check a file, show what is in force. Opens no store and reads no key.

use std::io::Write;

use crate::cli::ConfigCommand;
use crate::config::{Config, EXAMPLE, Environment, InForce, Layers};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
///
/// [`Failure::Configuration`] with all the problems of the file and the environment.
pub(crate) fn run(
    command: &ConfigCommand,
    environment: Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        ConfigCommand::Example => out.write_all(EXAMPLE.as_bytes())?,
        ConfigCommand::Check { file } => {
            Config::load(Layers::new(environment).with_file(file))?;
            writeln!(out, "{}: good", file.display())?;
        }
        ConfigCommand::Show { file } => {
            let loaded = Config::load(Layers::new(environment).with_file(file))?;
            InForce::write_all(&loaded.in_force, out)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_to_text(command: &ConfigCommand) -> Result<String, Failure> {
        let mut out = Vec::new();
        run(command, Vec::new(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_example_that_is_printed_passes_the_check_and_can_be_shown() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("strongroom.toml");
        std::fs::write(&file, run_to_text(&ConfigCommand::Example).unwrap()).unwrap();
        assert!(run_to_text(&ConfigCommand::Check { file: file.clone() }).unwrap().ends_with(": good\n"));
        assert!(run_to_text(&ConfigCommand::Show { file }).unwrap().contains("\n[safe]\nstore = \"sqlite\""));
    }

    #[test]
    fn a_file_that_is_not_there_is_a_refused_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let failure = run_to_text(&ConfigCommand::Check { file: directory.path().join("none") }).unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(failure.to_string().contains("could not be read"), "{failure}");
    }
}
