//! `reveal` is the one word that turns write-only values into plain bytes; it is spoken where they are sealed, where
//! the domain proves it right, and nowhere else.

use super::File;

/// Files, and directories with their closing slash, that may call it.
const ALLOWED: &[&str] = &[
    // Where it is defined, and the record's own tests.
    "crates/domain/src/part.rs",
    "crates/domain/src/record.rs",
    "crates/domain/tests/",
    // Where a merged record goes into its boxes.
    "crates/app/src/local_safe.rs",
    // Where a write goes on to the safe that is to seal it.
    "crates/domain/src/patch.rs",
    "crates/upstream/src/safe_requests.rs",
    // The laws that hold the domain to a plain map.
    "crates/testkit/src/law/",
    // This file, which must name what it looks for.
    "xtask/src/tidy/reveal.rs",
];

/// The call as a method, and by its path.
const CALLS: &[&str] = &[".reveal(", "::reveal"];

/// No file but the [`ALLOWED`] calls `reveal`; a mention in documentation, `[…::reveal]`, is no call.
pub(super) fn only_where_sealing_happens(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !allowed(&file.path)) {
        for (number, line) in file.text.lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            if !comment && CALLS.iter().any(|call| line.contains(call)) {
                complaints.push(file.complaint(number + 1, "`reveal` outside the files that may seal"));
            }
        }
    }
    complaints
}

fn allowed(path: &str) -> bool {
    ALLOWED.iter().any(|allowed| path == *allowed || (allowed.ends_with('/') && path.starts_with(allowed)))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_call_outside_the_allowed_files_is_found() {
        for call in ["let x = part.reveal();", "part\n    .reveal()", ".map(WriteOnlyPart::reveal)"] {
            let files = [file("crates/http/src/lib.rs", call), file("crates/domain/src/part.rs", call)];
            let found = only_where_sealing_happens(&files);
            assert_eq!(found.len(), 1, "{call}");
            assert!(found[0].starts_with("crates/http/src/lib.rs:"));
        }
    }

    #[test]
    fn a_mention_in_a_comment_is_no_call() {
        let mention = file("crates/ports/src/lib.rs", "//! See [`WriteOnlyPart::reveal`].\n");
        assert_eq!(only_where_sealing_happens(&[mention]), Vec::<String>::new());
    }

    #[test]
    fn a_name_that_merely_begins_alike_is_not_allowed() {
        assert!(!allowed("crates/domain/src/part.rs.rs"));
        assert!(!allowed("crates/app/src/local_safe_again.rs"));
        assert!(allowed("crates/testkit/src/law/merge.rs"));
    }
}
