//! No file names a place on the machine it was written on: it would be true there only, and it tells of its author.

use super::File;

/// First directories under which people and their tools live. `/etc`, `/var` or `/proc` are the system's and fine.
const PRIVATE_PLACES: &[&str] = &["Users", "home", "root", "tmp", "work"];

/// No text holds an absolute path under one of the [`PRIVATE_PLACES`].
pub(super) fn are_absent(files: &[File]) -> Vec<String> {
    let places: Vec<String> = PRIVATE_PLACES.iter().map(|place| format!("/{place}/")).collect();
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if places.iter().any(|place| line.match_indices(place.as_str()).any(|(at, _)| begins(line, at))) {
                complaints.push(file.complaint(number + 1, "a path of somebody's machine"));
            }
        }
    }
    complaints
}

/// Whether the slash at `at` is the first of a path: nothing that could be part of one stands before it.
fn begins(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    before.is_none_or(|c| !c.is_alphanumeric() && !"._-/}~$".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_path_of_a_machine_is_found_wherever_it_begins() {
        let place = format!("/{}/", PRIVATE_PLACES[1]);
        for line in [format!("{place}jane/x"), format!("see `{place}x`"), format!("path=\"{place}x\"")] {
            assert_eq!(are_absent(&[file("a.toml", &line)]).len(), 1, "{line}");
        }
    }

    #[test]
    fn the_middle_of_another_path_is_no_machine_path() {
        let place = format!("/{}/", PRIVATE_PLACES[1]);
        for line in [format!("docs{place}x"), format!("https://example.org{place}x"), "/etc/ssl".to_owned()] {
            assert_eq!(are_absent(&[file("a.md", &line)]), Vec::<String>::new(), "{line}");
        }
    }
}
