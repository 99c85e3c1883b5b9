//! What a Rust file looks like from the outside: it opens with its purpose, it is short, it hides no warning.

use super::File;

/// Past this a second idea has moved in; the house style asks the question at 400 already.
const MAX_LINES: usize = 450;

/// Every file says first what it is for.
pub(super) fn opens_with_its_purpose(files: &[File]) -> Vec<String> {
    let silent = files.iter().filter(|file| file.is_rust() && !file.text.starts_with("//!"));
    silent.map(|file| file.complaint(1, "does not open with `//!`")).collect()
}

/// No file is longer than [`MAX_LINES`].
pub(super) fn is_short_enough(files: &[File]) -> Vec<String> {
    let long = files.iter().filter(|file| file.is_rust() && file.text.lines().count() > MAX_LINES);
    long.map(|file| file.complaint(MAX_LINES + 1, &format!("longer than {MAX_LINES} lines"))).collect()
}

/// A lint is silenced with `expect`, which warns once it is no longer needed, and never with `allow`.
pub(super) fn silences_no_lint_for_ever(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (number, line) in file.text.lines().enumerate() {
            let line = line.trim_start();
            let attribute = line.starts_with("#[") || line.starts_with("#![");
            if attribute && ["[allow(", " allow("].iter().any(|form| line.contains(form)) {
                complaints.push(file.complaint(number + 1, "`allow` where `expect` with a reason belongs"));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_rust_file_without_its_purpose_is_found() {
        let files = [file("a.rs", "//! A.\n"), file("b.rs", "use x;\n"), file("c.md", "# C\n")];
        assert_eq!(opens_with_its_purpose(&files), ["b.rs:1: does not open with `//!`"]);
    }

    #[test]
    fn the_last_allowed_line_is_allowed_and_the_next_is_not() {
        let files = [file("a.rs", &"\n".repeat(MAX_LINES)), file("b.rs", &"\n".repeat(MAX_LINES + 1))];
        assert_eq!(is_short_enough(&files).len(), 1);
        assert!(is_short_enough(&files)[0].starts_with("b.rs:"));
    }

    #[test]
    fn an_allow_attribute_is_found_in_each_of_its_forms() {
        for line in
            ["#[allow(dead_code)]", "#![allow(x, reason = \"y\")]", "    #[cfg_attr(test, allow(unused))]"]
        {
            assert_eq!(silences_no_lint_for_ever(&[file("a.rs", line)]).len(), 1, "{line}");
        }
        for line in ["#[expect(dead_code, reason = \"soon\")]", "let x = allow(y);", "// #[allow(dead_code)]"]
        {
            assert_eq!(silences_no_lint_for_ever(&[file("a.rs", line)]).len(), 0, "{line}");
        }
    }
}
