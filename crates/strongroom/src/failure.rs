//! How a command fails, and the exit code that says so. The codes are promised in `docs/reference/cli.md`.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use strongroom_seal::secret_file::SecretFileError;

use crate::config::Refused;

/// Why a command ended without success. 2 is clap's, for a command line that cannot be understood.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: something went wrong while running.
    Running(String),
    /// 3: the configuration is refused.
    Configuration(Refused),
    /// 4: keys are missing, open to others, malformed, or not the ones that the data was sealed with.
    Keys(String),
    /// 5: the store is in use by another process, newer than this program, or damaged.
    Store(String),
}

impl Failure {
    /// The number that the process ends with.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Running(_) => 1,
            Self::Configuration(_) => 3,
            Self::Keys(_) => 4,
            Self::Store(_) => 5,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(message) | Self::Keys(message) | Self::Store(message) => f.write_str(message),
            Self::Configuration(refused) => refused.fmt(f),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Configuration(refused)
    }
}

/// Standard output that cannot be written to. Whatever else can fail has a variant of its own.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Running(format!("could not write to standard output: {error}"))
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        failure.code().into()
    }
}

/// A refusal of a key file, which it names.
pub(crate) fn refused<E: ToString>(file: &Path) -> impl Fn(E) -> Failure {
    move |error| Failure::Keys(format!("{}: {}", file.display(), error.to_string()))
}

impl From<SecretFileError> for Failure {
    fn from(error: SecretFileError) -> Self {
        Self::Keys(error.to_string())
    }
}
