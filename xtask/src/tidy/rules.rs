//! docs/RULES.md says each rule in words and names the test that holds it; here, that the test exists.
//!
//! A row is `| K1 | words | how |`. Its last cell names, in backticks, a test function of some crate, a part of one of the
//! testkit's suites, or, for what must not compile, the file whose documentation proves it (`crates/…/lib.rs` with a `compile_fail`).

use std::collections::BTreeSet;

use super::File;

const PATH: &str = "docs/RULES.md";

/// Every row names at least one test, every name is found, and no id is given twice.
pub(super) fn name_tests_that_exist(files: &[File]) -> Vec<String> {
    let Some(rules) = files.iter().find(|file| file.path == PATH) else {
        return vec![format!("{PATH} is missing")];
    };
    let mut complaints = Vec::new();
    let mut ids = BTreeSet::new();
    for (number, line) in rules.text.lines().enumerate() {
        let Some((id, how)) = row(line) else { continue };
        let mut complain =
            |why: String| complaints.push(rules.complaint(number + 1, &format!("{id}: {why}")));
        if !ids.insert(id) {
            complain("this id was given before".to_owned());
        }
        let names: Vec<&str> = how.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            complain("names no test".to_owned());
        }
        for name in names {
            if !holds(name, files) {
                complain(format!("there is no test `{name}`"));
            }
        }
    }
    if ids.is_empty() {
        complaints.push(format!("{PATH} has no rows `| id | words | test |`"));
    }
    complaints
}

/// The id and the last cell of a row whose first cell is an id: capitals, then a number.
fn row(line: &str) -> Option<(&str, &str)> {
    let cells: Vec<&str> =
        line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [id, _, .., how] = cells.as_slice() else { return None };
    let number = id.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let is_id =
        number.len() < id.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some((id, how))
}

fn holds(name: &str, files: &[File]) -> bool {
    let in_crates = || files.iter().filter(|file| file.is_rust() && file.path.starts_with("crates/"));
    if name.starts_with("crates/") {
        return in_crates().any(|file| file.path == name && file.text.contains("```compile_fail"));
    }
    // A path may lead to it, `module::name`.
    let name = name.rsplit("::").next().unwrap_or(name);
    in_crates().any(|file| is_test(name, &file.text) || is_part_of_a_suite(name, file))
}

/// The laws and contracts of the testkit are tests of whoever calls them; their compiler warns of one that nobody calls.
fn is_part_of_a_suite(name: &str, file: &File) -> bool {
    let is_suite =
        ["law", "contract"].iter().any(|of| file.path.starts_with(&format!("crates/testkit/src/{of}/")));
    is_suite && file.text.contains(&format!("fn {name}("))
}

/// Whether a text has a test of this name: a function with `#[test]` among the attributes above it.
fn is_test(name: &str, text: &str) -> bool {
    let definition = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let of_this_name = (0..lines.len()).filter(|at| lines[*at].starts_with(&definition));
    of_this_name.into_iter().any(|at| {
        let above =
            lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| *line == "#[test]")
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn complaints(rules: &str) -> Vec<String> {
        name_tests_that_exist(&[
            file(PATH, rules),
            file(
                "crates/a/src/lib.rs",
                "//! ```compile_fail\n#[test]\nfn holds_the_rule() {}\n\n#[test]\nfn holds_generic() {}\n\nfn helps() {}",
            ),
        ])
    }

    #[test]
    fn a_row_whose_test_exists_is_fine() {
        assert_eq!(complaints("| K1 | words | `holds_the_rule` |"), Vec::<String>::new());
        assert_eq!(complaints("| K1 | words | `a::holds_the_rule`, `holds_generic` |"), Vec::<String>::new());
        assert_eq!(complaints("| K1 | words | `crates/a/src/lib.rs` |"), Vec::<String>::new());
    }

    #[test]
    fn a_row_whose_test_is_gone_is_found() {
        assert_eq!(
            complaints("| K1 | words | `holds_the` |"),
            ["docs/RULES.md:1: K1: there is no test `holds_the`"]
        );
        assert_eq!(complaints("| K1 | words | `helps` |"), ["docs/RULES.md:1: K1: there is no test `helps`"]);
        assert_eq!(complaints("| K1 | words | `crates/b/src/lib.rs` |").len(), 1);
    }

    #[test]
    fn a_row_that_names_no_test_is_found() {
        assert_eq!(complaints("| K1 | words | by hand |"), ["docs/RULES.md:1: K1: names no test"]);
    }

    #[test]
    fn an_id_given_twice_is_found() {
        assert_eq!(complaints("| K1 | a | `holds_the_rule` |\n| K1 | b | `holds_the_rule` |").len(), 1);
    }

    #[test]
    fn headings_and_lines_of_a_table_are_no_rules() {
        assert_eq!(row("| id | rule | test |"), None);
        assert_eq!(row("|---|---|---|"), None);
        assert_eq!(row("| K12 | words | `t` |"), Some(("K12", "`t`")));
        assert_eq!(complaints("# Rules\n").len(), 1);
    }
}
