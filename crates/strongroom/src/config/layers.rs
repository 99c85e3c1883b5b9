//! Where configuration comes from, one layer above the other: the environment above the file. The defaults stand with the
//! settings; the command line names the file.
//!
//! The environment is an argument. Each variable is a layer of its own, so that figment's metadata names it; its value
//! stays the string it is, where figment's own `Env` would guess a type.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::problem::{Problem, Source};
use super::secret::{SECRET_KEYS, Secret};

/// What our environment variables begin with.
const PREFIX: &str = "STRONGROOM_";
/// A configuration file is read whole; no honest one is near this.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A process environment, read once, in `main`.
pub(crate) type Environment = Vec<(OsString, OsString)>;

/// The layers of one configuration. Cannot be printed: the environment holds secrets.
pub(crate) struct Layers {
    file: Option<(PathBuf, io::Result<String>)>,
    environment: Environment,
}

impl Layers {
    /// The environment alone.
    pub(crate) fn new(environment: Environment) -> Self {
        Self { file: None, environment }
    }

    /// With a file. That it cannot be read is a problem among the others.
    pub(crate) fn with_file(self, path: &Path) -> Self {
        let text = read_file(path);
        Self { file: Some((path.to_owned(), text)), ..self }
    }

    /// With a text that stands for a file at `path`, whose relative paths are relative to its directory.
    pub(crate) fn with_text(self, path: &Path, text: &str) -> Self {
        Self { file: Some((path.to_owned(), Ok(text.to_owned()))), ..self }
    }

    /// Lays them on top of each other.
    pub(super) fn gather(self) -> Gathered {
        let mut gathered = Gathered {
            figment: Figment::new(),
            secrets: BTreeMap::new(),
            directory: PathBuf::new(),
            problems: Vec::new(),
        };
        if let Some((path, text)) = self.file {
            gathered.directory = path.parent().map(Path::to_owned).unwrap_or_default();
            gathered.add_file(path, &text);
        }
        let mut environment = self.environment;
        environment.sort();
        for (name, value) in environment {
            if let Some(name) = name.to_str()
                && let Some(rest) = name.strip_prefix(PREFIX)
            {
                gathered.add_variable(name, rest, value);
            }
        }
        gathered
    }
}

/// All layers, not yet looked into.
pub(super) struct Gathered {
    /// Every value, with the layer it came from.
    pub(super) figment: Figment,
    /// The secrets, by their keys; figment has a word in their place.
    pub(super) secrets: BTreeMap<&'static str, Secret>,
    /// What relative paths of the file, and of the defaults, are relative to.
    pub(super) directory: PathBuf,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Gathered {
    fn add(&mut self, metadata: Metadata, values: Dict) {
        self.figment = std::mem::take(&mut self.figment).merge(Layer { metadata, values });
    }

    fn add_file(&mut self, path: PathBuf, text: &io::Result<String>) {
        let parsed = match text {
            Ok(text) => Toml::from_str::<Dict>(text).map_err(|error| {
                // Not the error's own display: it quotes the line. Some messages have two lines; a problem is one.
                let before = text.bytes().take(error.span().map_or(0, |span| span.start));
                let line = 1 + before.filter(|byte| *byte == b'\n').count();
                let message = error.message().trim_end().replace('\n', ": ");
                format!("not TOML: {message} in line {line}")
            }),
            Err(error) => Err(format!("could not be read: {error}")),
        };
        match parsed {
            Ok(values) => self.add(Metadata::from("file", path.as_path()), values),
            Err(message) => self.problem("", Source::File(path), message),
        }
    }

    fn add_variable(&mut self, name: &str, rest: &str, value: OsString) {
        let source = Source::Environment(name.to_owned());
        if is_set_by_kubernetes(rest) {
            return;
        }
        if !rest.contains("__") || rest.bytes().any(|b| b.is_ascii_lowercase()) {
            let form = "not a setting: those are named STRONGROOM_SECTION__KEY, with two underscores";
            return self.problem("", source, form.to_owned());
        }
        let Ok(value) = value.into_string() else {
            return self.problem("", source, "not UTF-8".to_owned());
        };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let value = match SECRET_KEYS.into_iter().find(|secret| *secret == key) {
            Some(secret) => {
                self.secrets.insert(secret, Secret::new(value));
                Value::from("set")
            }
            None => Value::from(value),
        };
        self.add(Metadata::from("environment", name), nested(key.split('.'), value));
    }

    fn problem(&mut self, key: &str, source: Source, message: String) {
        self.problems.push(Problem { key: key.to_owned(), source, message });
    }
}

/// Which layer a value came from.
pub(super) fn source_of(figment: &Figment, value: &Value) -> Source {
    let metadata = figment.get_metadata(value.tag());
    match metadata.and_then(|metadata| metadata.source.as_ref()) {
        Some(figment::Source::File(path)) => Source::File(path.clone()),
        Some(figment::Source::Custom(name)) => Source::Environment(name.clone()),
        _ => Source::Default,
    }
}

/// A figment provider of values that are there already.
struct Layer {
    metadata: Metadata,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// `a.b` and a value become `{a: {b: value}}`.
fn nested<'k>(mut keys: impl Iterator<Item = &'k str>, value: Value) -> Dict {
    fn wrap<'k>(keys: &mut impl Iterator<Item = &'k str>, value: Value) -> Value {
        match keys.next() {
            Some(key) => Dict::from([(key.to_owned(), wrap(keys, value))]).into(),
            None => value,
        }
    }
    match keys.next() {
        Some(key) => Dict::from([(key.to_owned(), wrap(&mut keys, value))]),
        None => Dict::new(),
    }
}

/// Kubernetes gives every container variables about the services around it: beside a service named `strongroom` they
/// are `STRONGROOM_SERVICE_HOST`, `STRONGROOM_PORT_8080_TCP` and the like, and nobody's mistake.
fn is_set_by_kubernetes(rest: &str) -> bool {
    let words = format!("_{rest}_");
    !rest.contains("__") && (words.contains("_SERVICE_") || words.contains("_PORT_"))
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}
