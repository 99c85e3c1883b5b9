//! Cargo's own account of the workspace, reduced to what the layer rules ask about.

use serde_json::Value;

use crate::workspace::{Outcome, command, output};

/// Our packages, and where cargo builds.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: std::path::PathBuf,
}

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a `Cargo.toml`'s dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// For tests, examples and benches only.
    pub(crate) dev: bool,
    /// Present with a feature only.
    pub(crate) optional: bool,
}

/// Asks cargo. The lock file is taken as it is: one that lags behind a manifest is a failure.
///
/// # Errors
///
/// Cargo refuses, or answers in a shape we do not know.
pub(crate) fn read() -> Outcome<Metadata> {
    parse(&output(command("cargo metadata --format-version 1 --no-deps --locked"))?)
}

fn parse(json: &str) -> Outcome<Metadata> {
    let json: Value = serde_json::from_str(json)?;
    let packages = array(&json, "packages")?.iter().map(package).collect::<Outcome<_>>()?;
    Ok(Metadata { packages, target_directory: text(&json, "target_directory")?.into() })
}

fn package(json: &Value) -> Outcome<Package> {
    let dependencies = array(json, "dependencies")?.iter().map(dependency).collect::<Outcome<_>>()?;
    Ok(Package { name: text(json, "name")?, dependencies })
}

fn dependency(json: &Value) -> Outcome<Dependency> {
    Ok(Dependency {
        name: text(json, "name")?,
        dev: json.get("kind").and_then(Value::as_str) == Some("dev"),
        optional: json.get("optional").and_then(Value::as_bool).unwrap_or(false),
    })
}

fn array<'a>(json: &'a Value, member: &str) -> Outcome<&'a [Value]> {
    let found = json.get(member).and_then(Value::as_array).map(Vec::as_slice);
    found.ok_or_else(|| format!("cargo metadata has no list `{member}`").into())
}

fn text(json: &Value, member: &str) -> Outcome<String> {
    let found = json.get(member).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| format!("cargo metadata has no text `{member}`").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_keeps_its_kind_and_whether_it_is_optional() {
        let read = parse(
            r#"{"target_directory":"t","packages":[{"name":"a","dependencies":[
                {"name":"b","kind":null,"optional":true},{"name":"c","kind":"dev","optional":false}]}]}"#,
        )
        .unwrap();
        let [b, c] = read.packages[0].dependencies.as_slice() else { panic!("two dependencies") };
        assert_eq!((b.name.as_str(), b.dev, b.optional), ("b", false, true));
        assert_eq!((c.name.as_str(), c.dev, c.optional), ("c", true, false));
    }

    #[test]
    fn an_answer_without_packages_is_refused() {
        assert!(parse(r#"{"target_directory":"t"}"#).is_err());
    }
}
