//! The command line. Parsed here and nowhere else; what the commands do stands in the module of each.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("STRONGROOM_COMMIT"), ")");

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed while running
  2  the command line cannot be understood
  3  the configuration is refused
  4  keys are refused: missing, open to others, malformed, or not the ones that sealed the data
  5  the store is refused: in use by another process, newer than this program, or damaged";

/// Keeps people's private data so that an application does not have to
#[derive(Debug, Parser)]
#[command(name = "strongroom", version = VERSION, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve on this machine, with everything made on first use, and print what to paste
    Dev(DevArgs),
    /// Serve as a configuration file says
    Serve(ServeArgs),
    /// Print an example configuration, check one, or show what is in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make keys, list or publish them, add one, or let one follow another
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Check, count, back up or restore a store
    #[command(subcommand)]
    Store(StoreCommand),
}

/// `strongroom dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// Where data and keys are kept; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data_dir: PathBuf,
    /// The address to serve on; loopback only, port 0 chooses one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = loopback)]
    pub(crate) listen: SocketAddr,
    /// What to print when ready: text to read and paste, or one line of JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Put a gateway in front of the safe, both in this process: the address is the gateway's
    #[arg(long)]
    pub(crate) gateway: bool,
}

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs, on one line.
    Json,
}

/// `strongroom serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// `strongroom config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print an example with a comment at every setting
    Example,
    /// Say whether a configuration is good, and everything that is wrong with it
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Print what is in force, and where each value came from
    Show {
        /// The configuration file
        file: PathBuf,
    },
}

/// `strongroom keys …`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a new key file, with mode 0600; never over one that is there
    New {
        /// What the keys are for
        #[arg(long, value_enum, default_value_t = KeyKind::Sealing)]
        kind: KeyKind,
        /// The file to make
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the ids of a file's keys and what each does, never the keys
    List {
        /// A keyring, or a file of signing keys
        file: PathBuf,
    },
    /// Print the public keys of a file of signing keys, as a JSON Web Key Set
    Publish {
        /// A file of signing keys
        file: PathBuf,
    },
    /// Put a new key into a file: in a keyring it seals from the next start on; one that signs waits for its turn
    Add {
        /// A keyring, or a file of signing keys
        file: PathBuf,
    },
    /// Let the next key sign, a new one where none waits; the one that signed still verifies
    Rotate {
        /// A file of signing keys
        file: PathBuf,
    },
    /// Take a signing key out, once no token of it can be good
    Retire {
        /// A file of signing keys
        file: PathBuf,
        /// The id of the key, as `keys list` prints it
        kid: String,
        /// The configuration that says how long tokens live; without it, the longest that any could
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Take it out at once: for a stolen key, whose tokens must all end
        #[arg(long)]
        force: bool,
    },
}

/// What keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyKind {
    /// A keyring, that seals records
    Sealing,
    /// Keys that sign tokens
    Signing,
}

/// `strongroom store …`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read everything and say whether it is whole
    Check {
        /// Which store.
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Count what is in it and how large it is, while it may be in use
    Stats {
        /// What to print: text to read, or one line of JSON
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Which store.
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Copy the store into a new file, while it may be in use
    Backup {
        /// The file to make
        file: PathBuf,
        /// Which store.
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Put a backup in the place of the store, while nobody uses it
    Restore {
        /// The backup
        file: PathBuf,
        /// Replace the store that is there
        #[arg(long)]
        force: bool,
        /// Which store.
        #[command(flatten)]
        store: StoreArgs,
    },
}

/// Which store: exactly one of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct StoreArgs {
    /// The configuration file that names it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data directory of `strongroom dev`
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("not a loopback address: `dev` is for this machine only".to_owned()),
        Err(_) => Err("expected an address and a port, such as 127.0.0.1:8080".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["strongroom"], arguments].concat())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_reference_is_understood() {
        for line in [
            "dev",
            "dev --data-dir d --listen 127.0.0.1:0 --format json",
            "dev --listen [::1]:8080",
            "dev --gateway",
            "serve --config f",
            "config example",
            "config check f",
            "config show f",
            "keys new --out f",
            "keys new --kind signing --out f",
            "keys list f",
            "keys publish f",
            "keys add f",
            "keys rotate f",
            "keys retire f k",
            "keys retire f k --config c",
            "keys retire f k --force",
            "store check --config f",
            "store stats --data-dir d",
            "store stats --config f --format json",
            "store backup b --data-dir d",
            "store restore b --config f",
            "store restore b --data-dir d --force",
        ] {
            assert!(parse(&line.split(' ').collect::<Vec<_>>()).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_command_line_that_says_too_little_too_much_or_nonsense_is_a_usage_error() {
        for line in [
            "",
            "serve",
            "dev --listen 0.0.0.0:8080",
            "dev --listen localhost:8080",
            "dev --format yaml",
            "keys new",
            "keys new --kind other --out f",
            "keys publish",
            "keys rotate",
            "keys retire f",
            "store check",
            "store check --config f --data-dir d",
            "store stats --config f --format yaml",
            "store backup --config f",
        ] {
            let error = parse(&line.split_terminator(' ').collect::<Vec<_>>()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_version_names_the_commit() {
        let text = parse(&["--version"]).unwrap_err().to_string();
        assert!(text.starts_with(concat!("strongroom ", env!("CARGO_PKG_VERSION"), " (")), "{text}");
    }

    #[test]
    fn the_exit_codes_stand_in_the_help_and_in_the_reference() {
        let help = Cli::command().render_help().to_string();
        let reference = include_str!("../../../docs/reference/cli.md");
        for code in 0..=5 {
            assert!(help.contains(&format!("\n  {code}  ")), "{code}");
            assert!(reference.contains(&format!("\n| `{code}` |")), "{code}");
        }
    }
}
