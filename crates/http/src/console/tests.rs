//! What the console's files are held to, whoever writes the next one.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{FILES, PAGE};

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = FILES.iter().chain([&PAGE]);
    files.map(|file| (file.name, std::str::from_utf8(file.bytes).unwrap()))
}

#[test]
fn every_file_of_the_directory_is_served_and_named_once() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
    let lying: BTreeSet<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "index.html")
        .collect();
    let served: BTreeSet<_> = FILES.iter().map(|file| file.name.to_owned()).collect();
    assert_eq!(served, lying);
    assert_eq!(served.len(), FILES.len());
}

#[test]
fn every_file_says_first_what_it_is_for_and_is_short() {
    for (name, text) in all() {
        let opens = match name.rsplit_once('.').map_or("html", |(_, extension)| extension) {
            "js" => text.starts_with("// "),
            "css" => text.starts_with("/* "),
            _ => text.lines().take(2).any(|line| line.starts_with("<!-- ")),
        };
        assert!(opens, "{name}");
        assert!(text.lines().count() <= 450, "{name}");
    }
}

#[test]
fn no_file_asks_for_what_the_policy_refuses_or_for_another_server() {
    for (name, text) in all() {
        for refused in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "localStorage",
            "document.cookie",
            "style=",
            " onclick=",
            "@import",
            ": url(",
        ] {
            // That it must never do it may be said.
            let does = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| line.contains(refused));
            assert!(!does, "{name}: {refused}");
        }
        for (at, _) in text.match_indices("http://").chain(text.match_indices("https://")) {
            assert!(text[at..].starts_with("http://www.w3.org/"), "{name}: an address of another server");
        }
    }
}

#[test]
fn every_module_and_sheet_that_is_named_is_there_and_every_one_that_is_there_is_named() {
    let mut named = BTreeSet::from(["icon.svg"]);
    for (_, text) in all() {
        for before in [" from './", "href=\"console/", "src=\"console/"] {
            named.extend(text.split(before).skip(1).filter_map(|rest| rest.split(['"', '\'']).next()));
        }
    }
    assert_eq!(named, FILES.iter().map(|file| file.name).collect());
}
