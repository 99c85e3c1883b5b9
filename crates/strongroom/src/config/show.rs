//! What is in force, as a configuration file that says where each value came from. Secrets are "set".

use std::io::{self, Write};

use super::reader::InForce;

/// The column that sources begin at, where the value leaves room.
const SOURCE_COLUMN: usize = 48;

impl InForce {
    /// Writes the settings as TOML, which reads back as the same configuration, secrets apart.
    pub(crate) fn write_all(settings: &[Self], out: &mut dyn Write) -> io::Result<()> {
        let mut current = "";
        for setting in settings {
            let (section, key) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
            if section != current {
                let gap = if current.is_empty() { "" } else { "\n" };
                match section.split_once('[') {
                    Some((tables, _)) => writeln!(out, "{gap}[[{tables}]]")?,
                    None => writeln!(out, "{gap}[{section}]")?,
                }
                current = section;
            }
            let line = match &setting.value {
                Some(value) => format!("{key} = {value}"),
                None => format!("# {key}: set"),
            };
            writeln!(out, "{line:SOURCE_COLUMN$} # {}", setting.source)?;
        }
        Ok(())
    }
}
