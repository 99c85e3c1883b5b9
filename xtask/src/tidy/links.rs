//! A link in a Markdown file to another file of the repository leads somewhere.

use super::File;

/// Every relative link, `[words](path)` or `[words](path#part)`, names a file or a directory that is there. Links to
/// elsewhere, with a scheme, and to a part of the same page are not followed.
pub(super) fn lead_somewhere(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_markdown()) {
        for (number, line) in file.text.lines().enumerate() {
            for target in targets(line) {
                let path = resolve(&file.path, target);
                let directory = format!("{path}/");
                if !files.iter().any(|file| file.path == path || file.path.starts_with(&directory)) {
                    complaints.push(
                        file.complaint(number + 1, &format!("a link to `{target}`, which is not there")),
                    );
                }
            }
        }
    }
    complaints
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let paths = links.map(|(target, _)| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains(':'))
}

/// The path from the top of the repository of what `target` means in the file at `from`.
fn resolve(from: &str, target: &str) -> String {
    let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        lead_somewhere(&[file(path, text), file("docs/a.md", ""), file("crates/x/src/lib.rs", "")]).len()
    }

    #[test]
    fn a_link_to_what_is_not_there_is_found() {
        assert_eq!(complaints("README.md", "see [a](docs/a.md) and [b](docs/b.md)"), 1);
        assert_eq!(complaints("docs/guides/g.md", "[a](a.md)"), 1);
    }

    #[test]
    fn a_link_is_followed_from_where_it_stands() {
        assert_eq!(complaints("docs/guides/g.md", "[a](../a.md#part), [x](../../crates/x)"), 0);
        assert_eq!(complaints("README.md", "[a](./docs/a.md), [x](crates/x/)"), 0);
    }

    #[test]
    fn links_to_elsewhere_are_not_followed() {
        assert_eq!(complaints("README.md", "[w](https://example.org/x), [p](#part), f(x)[y](mailto:a@b)"), 0);
    }
}
