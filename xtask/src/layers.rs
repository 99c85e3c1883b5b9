//! `cargo xtask layers`: every arrow between the crates is one that was drawn.
//!
//! The table below is the drawing of docs/ARCHITECTURE.md as data; `cargo test` holds it too. It must never be widened
//! to make a build pass: a new arrow is a design decision, and belongs in the drawing first.

use crate::console::say;
use crate::metadata::{self, Dependency, Package};
use crate::workspace::Outcome;

/// One crate of the house, and what it may lean on.
struct Room {
    name: &'static str,
    /// Our crates it may depend on.
    ours: &'static [&'static str],
    /// Our crates its tests may use besides.
    in_tests: &'static [&'static str],
    /// The crates of others it may depend on, where the list is closed.
    outside: Outside,
}

enum Outside {
    /// A line in `[dependencies]` is still a decision, but not one this test takes.
    Any,
    /// Anything but these, in tests neither.
    AnyBut(&'static [&'static str]),
    /// These always, and these behind a feature.
    Only { always: &'static [&'static str], optional: &'static [&'static str] },
}

const DOMAIN: &str = "strongroom-domain";
const PORTS: &str = "strongroom-ports";
const APP: &str = "strongroom-app";
const SEAL: &str = "strongroom-seal";
const JWT: &str = "strongroom-jwt";
const PASSKEY: &str = "strongroom-passkey";
const UPSTREAM: &str = "strongroom-upstream";
const WALLET: &str = "strongroom-wallet";
const STORE_SQLITE: &str = "strongroom-store-sqlite";
const MAIL: &str = "strongroom-mail";
const HTTP: &str = "strongroom-http";
const TESTKIT: &str = "strongroom-testkit";
const BINARY: &str = "strongroom";
const FUZZ: &str = "strongroom-fuzz";

const HOUSE: &[Room] = &[
    Room {
        name: DOMAIN,
        ours: &[],
        in_tests: &[TESTKIT],
        outside: Outside::Only { always: &["thiserror"], optional: &["serde", "serde_json"] },
    },
    Room {
        name: PORTS,
        ours: &[DOMAIN],
        in_tests: &[TESTKIT],
        outside: Outside::Only { always: &["async-trait", "bytes", "thiserror"], optional: &["mockall"] },
    },
    Room {
        name: APP,
        ours: &[DOMAIN, PORTS],
        in_tests: &[TESTKIT],
        outside: Outside::AnyBut(&["axum", "http", "hyper", "hyper-util", "tokio", "tokio-util", "tower"]),
    },
    Room { name: SEAL, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: JWT, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: PASSKEY, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: WALLET, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: UPSTREAM, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: MAIL, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: STORE_SQLITE, ours: &[DOMAIN, PORTS], in_tests: &[TESTKIT], outside: Outside::Any },
    Room { name: HTTP, ours: &[DOMAIN, PORTS, APP], in_tests: &[TESTKIT], outside: Outside::Any },
    // No runtime: the suites join futures and run under whatever their caller runs.
    Room {
        name: TESTKIT,
        ours: &[DOMAIN, PORTS],
        in_tests: &[],
        outside: Outside::AnyBut(&["async-std", "smol", "tokio"]),
    },
    Room {
        name: BINARY,
        ours: &[DOMAIN, PORTS, APP, SEAL, JWT, PASSKEY, UPSTREAM, MAIL, STORE_SQLITE, WALLET, HTTP],
        in_tests: &[TESTKIT],
        outside: Outside::Any,
    },
    // No part of the product; the testkit's fakes stand around the parsers that it feeds.
    Room {
        name: FUZZ,
        ours: &[DOMAIN, PORTS, APP, SEAL, JWT, PASSKEY, MAIL, UPSTREAM, WALLET, HTTP, TESTKIT],
        in_tests: &[],
        outside: Outside::Any,
    },
    Room { name: "xtask", ours: &[], in_tests: &[], outside: Outside::Any },
];

/// Reads cargo's metadata and reports every arrow that was not drawn.
///
/// # Errors
///
/// There is one, or cargo could not be asked.
pub(crate) fn run(_: &[String]) -> Outcome {
    let packages = metadata::read()?.packages;
    let complaints = complaints(&packages);
    for complaint in &complaints {
        say(complaint);
    }
    if complaints.is_empty() {
        say(format_args!("layers: {} crates, every arrow as drawn", packages.len()));
        Ok(())
    } else {
        Err(format!("{} arrows that were not drawn", complaints.len()).into())
    }
}

/// Everything about these packages that the table does not allow; empty when all is well.
fn complaints(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let Some(room) = HOUSE.iter().find(|room| room.name == package.name) else {
            complaints.push(format!("{} is in the workspace and not in the table", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = packages.iter().any(|package| package.name == dependency.name);
            let refusal = if ours { refuse_ours(room, dependency) } else { refuse_outside(room, dependency) };
            complaints.extend(refusal.map(|why| format!("{} -> {}: {why}", room.name, dependency.name)));
        }
    }
    let gone = HOUSE.iter().filter(|room| !packages.iter().any(|package| package.name == room.name));
    complaints.extend(gone.map(|room| format!("{} is in the table and not in the workspace", room.name)));
    complaints
}

fn refuse_ours(room: &Room, dependency: &Dependency) -> Option<&'static str> {
    let name = dependency.name.as_str();
    if room.ours.contains(&name) || (dependency.dev && room.in_tests.contains(&name)) {
        None
    } else if room.in_tests.contains(&name) {
        Some("allowed in tests only")
    } else {
        Some("an arrow that was not drawn")
    }
}

fn refuse_outside(room: &Room, dependency: &Dependency) -> Option<&'static str> {
    let name = dependency.name.as_str();
    match room.outside {
        Outside::Any => None,
        Outside::AnyBut(never) => {
            never.contains(&name).then_some("this crate must not know it, in tests neither")
        }
        Outside::Only { .. } if dependency.dev => None,
        Outside::Only { always, .. } if always.contains(&name) => None,
        Outside::Only { optional, .. } if optional.contains(&name) => {
            (!dependency.optional).then_some("allowed behind a feature only")
        }
        Outside::Only { .. } => Some("not among the few this crate may use"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The workspace as the table has it, with no dependencies of others.
    fn house() -> Vec<Package> {
        HOUSE
            .iter()
            .map(|room| Package {
                name: room.name.to_owned(),
                dependencies: room.ours.iter().map(|name| normal(name)).collect(),
            })
            .collect()
    }

    fn normal(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), dev: false, optional: false }
    }

    fn dev(name: &str) -> Dependency {
        Dependency { dev: true, ..normal(name) }
    }

    fn optional(name: &str) -> Dependency {
        Dependency { optional: true, ..normal(name) }
    }

    /// The complaints once `package` has `dependency` as well.
    fn after(package: &str, dependency: Dependency) -> Vec<String> {
        let mut packages = house();
        let package = packages.iter_mut().find(|candidate| candidate.name == package).unwrap();
        package.dependencies.push(dependency);
        complaints(&packages)
    }

    #[test]
    fn the_workspace_keeps_to_the_drawing() {
        assert_eq!(complaints(&metadata::read().unwrap().packages), Vec::<String>::new());
    }

    #[test]
    fn the_drawing_itself_is_no_complaint() {
        assert_eq!(complaints(&house()), Vec::<String>::new());
    }

    #[test]
    fn a_forbidden_arrow_is_found() {
        for (from, to) in [
            (DOMAIN, PORTS),
            (PORTS, APP),
            (APP, STORE_SQLITE),
            (APP, HTTP),
            (SEAL, JWT),
            (STORE_SQLITE, APP),
            (HTTP, STORE_SQLITE),
            (TESTKIT, APP),
            ("xtask", DOMAIN),
        ] {
            assert_eq!(after(from, normal(to)), [format!("{from} -> {to}: an arrow that was not drawn")]);
            assert_eq!(after(from, dev(to)).len(), 1, "{from} -> {to} in tests");
        }
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert_eq!(after(APP, dev(TESTKIT)), Vec::<String>::new());
        assert_eq!(after(APP, normal(TESTKIT)), [format!("{APP} -> {TESTKIT}: allowed in tests only")]);
        assert_eq!(after(BINARY, normal(TESTKIT)).len(), 1);
    }

    #[test]
    fn the_domain_uses_the_few_outside_crates_it_is_allowed() {
        assert_eq!(after(DOMAIN, normal("thiserror")), Vec::<String>::new());
        assert_eq!(after(DOMAIN, optional("serde")), Vec::<String>::new());
        assert_eq!(after(DOMAIN, normal("serde")).len(), 1);
        assert_eq!(after(DOMAIN, optional("tokio")).len(), 1);
        assert_eq!(after(DOMAIN, dev("proptest")), Vec::<String>::new());
    }

    #[test]
    fn the_use_cases_know_neither_hyper_nor_tokio() {
        assert_eq!(after(APP, normal("tokio")).len(), 1);
        assert_eq!(after(APP, dev("tokio")).len(), 1);
        assert_eq!(after(APP, normal("hyper")).len(), 1);
        assert_eq!(after(APP, normal("async-lock")), Vec::<String>::new());
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_found_and_so_is_one_that_is_gone() {
        let mut packages = house();
        packages[0].name = "strongroom-new".to_owned();
        let complaints = complaints(&packages);
        assert!(complaints.contains(&"strongroom-new is in the workspace and not in the table".to_owned()));
        assert!(complaints.contains(&format!("{DOMAIN} is in the table and not in the workspace")));
    }
}
