//! Reads settings one by one, so that every problem is found and not only the first.
//!
//! What is asked for is the schema: a key that nobody asked for is unknown, and what was asked for is what `config show`
//! lists. A value that cannot be read is noted as a problem and is `None` to whoever asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Tag, Value};
use figment::{Figment, Profile, Provider};

use super::layers::{Gathered, source_of};
use super::literal::literal;
use super::problem::{Problem, Source};
use super::raw::Raw;
use super::secret::{KeySource, Secret};

/// More than any honest list holds.
const MAX_ITEMS: usize = 1024;

/// A setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InForce {
    /// Its key, such as `server.listen` or `tenant[0].rp_id`.
    pub(crate) key: String,
    /// Its value as TOML; `None` for a secret, which is set.
    pub(crate) value: Option<String>,
    /// Where the value comes from.
    pub(crate) source: Source,
}

/// All sections.
pub(super) struct Reader {
    figment: Figment,
    values: Dict,
    secrets: BTreeMap<&'static str, Secret>,
    directory: PathBuf,
    problems: Vec<Problem>,
    in_force: Vec<InForce>,
}

impl Reader {
    /// Begins; the layers may hold problems already.
    pub(super) fn new(gathered: Gathered) -> Self {
        let Gathered { figment, secrets, directory, problems } = gathered;
        // Our layers never fail and stand under one profile.
        let values =
            figment.data().ok().and_then(|mut all| all.remove(&Profile::Default)).unwrap_or_default();
        Self { figment, values, secrets, directory, problems, in_force: Vec::new() }
    }

    /// Whether any layer has the section.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Reads `[name]`; one that is absent is empty.
    pub(super) fn section<T>(&mut self, name: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let (values, source) = match self.values.remove(name) {
            None => (Dict::new(), Source::Default),
            Some(Value::Dict(tag, values)) => {
                (values, source_of(&self.figment, &Value::Dict(tag, Dict::new())))
            }
            Some(other) => {
                self.problem(name, source_of(&self.figment, &other), "expected a section".to_owned());
                (Dict::new(), Source::Default)
            }
        };
        self.table(name.to_owned(), values, source, read)
    }

    /// Reads every `[[name]]`.
    pub(super) fn tables<T>(&mut self, name: &str, read: impl Fn(&mut Section<'_>) -> T) -> Vec<T> {
        let tables = match self.values.remove(name) {
            None => Vec::new(),
            Some(Value::Array(_, tables)) => tables,
            Some(other) => {
                let source = source_of(&self.figment, &other);
                self.problem(name, source, format!("expected [[{name}]] tables, which only a file has"));
                Vec::new()
            }
        };
        let mut all = Vec::new();
        for (index, table) in tables.into_iter().enumerate() {
            let key = format!("{name}[{index}]");
            let source = source_of(&self.figment, &table);
            match table {
                Value::Dict(_, values) => all.push(self.table(key, values, source, &read)),
                _ => self.problem(&key, source, "expected a table".to_owned()),
            }
        }
        all
    }

    /// A path as it is when it is not given.
    pub(super) fn default_path(&self, default: &str) -> PathBuf {
        self.directory.join(default)
    }

    /// Notes a problem that several settings make together, with the source of the one that is named.
    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let named = self.in_force.iter().filter(|setting| key.starts_with(&setting.key));
        let source = named.max_by_key(|setting| setting.key.len()).map(|setting| setting.source.clone());
        self.problem(key, source.unwrap_or(Source::Default), message.into());
    }

    /// Ends: sections that nobody asked for are problems, too.
    pub(super) fn finish(mut self) -> (Vec<Problem>, Vec<InForce>) {
        for (name, value) in std::mem::take(&mut self.values) {
            self.problem(&name, source_of(&self.figment, first_leaf(&value)), "unknown section".to_owned());
        }
        (self.problems, self.in_force)
    }

    fn table<T>(
        &mut self,
        path: String,
        values: Dict,
        source: Source,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> T {
        let mut section = Section { reader: self, path, source, values, asked: Vec::new() };
        let value = read(&mut section);
        section.refuse_the_rest();
        value
    }

    fn problem(&mut self, key: &str, source: Source, message: String) {
        self.problems.push(Problem { key: key.to_owned(), source, message });
    }
}

/// A problem has been noted; there is no more to say.
pub(super) struct Noted;

/// One section, or one table of several.
pub(super) struct Section<'r> {
    reader: &'r mut Reader,
    path: String,
    source: Source,
    values: Dict,
    asked: Vec<&'static str>,
}

impl Section<'_> {
    /// A setting with a default, which is read like any other value.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        default: impl Into<Value>,
        parse: impl FnOnce(&Raw<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let default = default.into();
        let value = match self.take(key) {
            Some(value) if is_text_only(&source_of(&self.reader.figment, &value)) => {
                typed_as(value, &default)
            }
            Some(value) => value,
            None => default,
        };
        self.parse(key, &value, parse)
    }

    /// A setting that must be given.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Raw<'_>) -> Result<T, String>,
    ) -> Option<T> {
        match self.take(key) {
            Some(value) => self.parse(key, &value, parse),
            None => self.fault(key, self.source.clone(), "must be given"),
        }
    }

    /// A list of strings, by the commas in one string where everything is a string. Each bad item is a problem.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.take(key).unwrap_or_else(|| default.into());
        self.parse_list(key, value, parse)
    }

    /// A list that must be given, of one item or more.
    pub(super) fn required_list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.take(key) else {
            return self.fault(key, self.source.clone(), "must be given");
        };
        let list = self.parse_list(key, value, parse)?;
        if list.is_empty() { self.refuse(key, "must not be empty") } else { Some(list) }
    }

    fn parse_list<T>(
        &mut self,
        key: &'static str,
        value: Value,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let source = source_of(&self.reader.figment, &value);
        let items = match value {
            Value::String(_, text) if is_text_only(&source) => split(&text),
            Value::Array(_, items) => items,
            _ => return self.fault(key, source, "expected a list of strings"),
        };
        if items.len() > MAX_ITEMS {
            return self.fault(key, source, format!("more than {MAX_ITEMS} items"));
        }
        let mut parsed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match Raw::typed(item).text().and_then(&parse) {
                Ok(item) => parsed.push(item),
                Err(message) => self.note(&format!("{key}[{index}]"), source.clone(), message),
            }
        }
        let complete = parsed.len() == items.len();
        self.in_force(key, Some(literal(&items.into())), source);
        complete.then_some(parsed)
    }

    /// A path that must not be empty.
    pub(super) fn path(&mut self, key: &'static str, default: &str) -> Option<PathBuf> {
        match self.path_or_none(key, default) {
            Ok(Some(path)) => Some(path),
            Ok(None) => self.refuse(key, "must be given"),
            Err(Noted) => None,
        }
    }

    /// A path that must be given.
    pub(super) fn required_path(&mut self, key: &'static str) -> Option<PathBuf> {
        if self.values.contains_key(key) {
            return self.path(key, "");
        }
        self.asked.push(key);
        self.fault(key, self.source.clone(), "must be given")
    }

    /// A path, `None` when it is empty. One in the file, or a default, is relative to the file's directory.
    pub(super) fn path_or_none(
        &mut self,
        key: &'static str,
        default: &str,
    ) -> Result<Option<PathBuf>, Noted> {
        let value = self.take(key).unwrap_or_else(|| default.into());
        let source = source_of(&self.reader.figment, &value);
        let path = match Raw::new(&value, is_text_only(&source)).text() {
            Ok("") => None,
            Ok(text) if is_text_only(&source) => Some(PathBuf::from(text)),
            Ok(text) => Some(self.reader.directory.join(Path::new(text))),
            Err(message) => {
                self.note(key, source, message);
                return Err(Noted);
            }
        };
        let shown = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        self.in_force(key, Some(literal(&shown.into())), source);
        Ok(path)
    }

    /// A path as it is when it is not given.
    pub(super) fn default_path(&self, default: &str) -> PathBuf {
        self.reader.default_path(default)
    }

    /// Keys: in a file, or, above it, in the environment itself.
    pub(super) fn keys(
        &mut self,
        secret: &'static str,
        file: &'static str,
        default_file: &str,
    ) -> Option<KeySource> {
        let Some(secret_value) = self.take(secret) else {
            return self.path(file, default_file).map(KeySource::File);
        };
        let source = source_of(&self.reader.figment, &secret_value);
        // Not in force beside the secret itself, and no problem where a layer below says it.
        let file_source = self.take(file).map(|value| source_of(&self.reader.figment, &value));
        if !matches!(source, Source::Environment(_)) {
            return self.fault(
                secret,
                source,
                format!("taken from the environment only; in a file name {file}"),
            );
        }
        if matches!(file_source, Some(Source::Environment(_))) {
            return self.fault(secret, source, format!("given beside {file}: give one of the two"));
        }
        let full = format!("{}.{secret}", self.path);
        match (secret_value, self.reader.secrets.remove(full.as_str())) {
            (Value::String(..), Some(text)) => {
                self.in_force(secret, None, source);
                Some(KeySource::Environment(text))
            }
            // Another variable reaches into it.
            _ => self.fault(secret, source, "expected a string"),
        }
    }

    /// Reads `[section.name]`; `None` where it is absent.
    pub(super) fn subsection<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Option<T>,
    ) -> Result<Option<T>, Noted> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let source = source_of(&self.reader.figment, first_leaf(&value));
        let read = match value {
            Value::Dict(_, values) => {
                self.reader.table(format!("{}.{name}", self.path), values, source, read)
            }
            _ => self.fault(name, source, "expected a section"),
        };
        read.map(Some).ok_or(Noted)
    }

    /// Notes that settings of this section do not fit together.
    pub(super) fn refuse<T>(&mut self, key: &str, message: impl Into<String>) -> Option<T> {
        let key = format!("{}.{key}", self.path);
        self.reader.refuse(&key, message);
        None
    }

    /// Notes a problem of the whole table.
    pub(super) fn refuse_whole<T>(&mut self, message: &str) -> Option<T> {
        self.reader.problem(&self.path, self.source.clone(), message.to_owned());
        None
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.values.remove(key)
    }

    fn parse<T>(
        &mut self,
        key: &'static str,
        value: &Value,
        parse: impl FnOnce(&Raw<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let source = source_of(&self.reader.figment, value);
        match parse(&Raw::new(value, is_text_only(&source))) {
            Ok(parsed) => {
                self.in_force(key, Some(literal(value)), source);
                Some(parsed)
            }
            Err(message) => self.fault(key, source, message),
        }
    }

    fn refuse_the_rest(&mut self) {
        for (key, value) in std::mem::take(&mut self.values) {
            let source = source_of(&self.reader.figment, first_leaf(&value));
            self.note(&key, source, format!("unknown key; known here: {}", self.asked.join(", ")));
        }
    }

    fn fault<T>(&mut self, key: &str, source: Source, message: impl Into<String>) -> Option<T> {
        self.note(key, source, message.into());
        None
    }

    fn note(&mut self, key: &str, source: Source, message: String) {
        let key = format!("{}.{key}", self.path);
        self.reader.problem(&key, source, message);
    }

    fn in_force(&mut self, key: &str, value: Option<String>, source: Source) {
        self.reader.in_force.push(InForce { key: format!("{}.{key}", self.path), value, source });
    }
}

/// The environment knows strings only: there, a string may stand for a number, a boolean or a list.
fn is_text_only(source: &Source) -> bool {
    matches!(source, Source::Environment(_))
}

/// The environment's string as the number or boolean that the setting is by default, so that it is shown as one. What
/// does not read as one stays as it is, for the setting to refuse.
fn typed_as(value: Value, default: &Value) -> Value {
    match (&value, default) {
        (Value::String(tag, text), Value::Num(..)) => {
            text.parse::<u32>().map_or(value.clone(), |number| Value::Num(*tag, number.into()))
        }
        (Value::String(tag, text), Value::Bool(..)) => {
            text.parse().map_or(value.clone(), |flag| Value::Bool(*tag, flag))
        }
        _ => value,
    }
}

/// A table that two layers share has the tag of one; its leaves know better.
fn first_leaf(value: &Value) -> &Value {
    match value {
        Value::Dict(_, values) => values.values().next().map_or(value, first_leaf),
        _ => value,
    }
}

fn split(text: &str) -> Vec<Value> {
    let items = text.split(',').map(str::trim).filter(|_| !text.trim().is_empty());
    items.map(|item| Value::String(Tag::Default, item.to_owned())).collect()
}
