//! Loads the configuration: defaults, then the file, then the environment, then the command line.

use super::environment::{self, SetBy};
use super::issue::ConfigIssue;
use super::locate::{Places, position};
use super::location::Source;
use super::read::{SectionReader, read};
use super::settings::Config;
use super::{lint, renamed, schema, secret};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Sections that a measurement does not need.
const NOT_MEASURED: [&str; 3] = ["report", "alert", "rule"];

/// A request to load the configuration.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Origin of the settings.
    pub source: Source,
    /// Reads the sections that a measurement does not need; `None`: they keep their defaults.
    pub others: Option<SectionReader>,
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, and its text.
    pub file: Option<(PathBuf, String)>,
    given: Table,
    variables: SetBy,
}

impl Loaded {
    /// Every key with its value and its place: `default`, a place in the file, or a variable. Secrets are masked.
    pub fn values(&self) -> Vec<(Vec<String>, Value, String)> {
        let defaults = schema::defaults();
        let (mut all, mut flat) = (defaults.clone(), Vec::new());
        schema::merge(&mut all, &self.given, &defaults, &[], &mut Vec::new());
        schema::flatten(&all, &[], &mut flat);
        let places = Places::new(self.file.as_ref(), &self.variables);
        let shown = |path: &[String], value: Value| match value.as_str() {
            Some(text) if !text.is_empty() && secret::is_secret(path) => Value::String("***".to_string()),
            _ => value,
        };
        flat.into_iter().map(|(path, value)| (path.clone(), shown(&path, value), places.exact(&path))).collect()
    }

    /// Valid settings that are probably mistakes.
    pub fn warnings(&self) -> Vec<ConfigIssue> {
        let mut issues = lint::check(&self.config);
        locate(&mut issues, self.file.as_ref(), &self.variables);
        issues
    }
}

/// Loads the configuration.
///
/// # Errors
/// All issues, with their locations.
pub fn load(request: &Request) -> Result<Loaded, Vec<ConfigIssue>> {
    let file = request.source.read().map_err(|issue| vec![issue])?;
    let given = file.as_ref().map_or_else(|| Ok(Table::new()), |(path, text)| parse(path, text))?;
    let secrets = file.as_ref().map_or_else(Vec::new, |(path, _)| open_secrets(request, path, &given));
    load_table(request, file, given, secrets)
}

/// Loads the configuration from a text instead of its file.
///
/// # Errors
/// As [`load`].
pub fn load_text(request: &Request, text: String) -> Result<Loaded, Vec<ConfigIssue>> {
    let path = request.source.path();
    let given = parse(&path, &text)?;
    load_table(request, Some((path, text)), given, Vec::new())
}

/// Loads the configuration from settings; `issues` are those already found, and `file` is searched for locations.
///
/// # Errors
/// As [`load`].
pub fn load_table(
    request: &Request,
    file: Option<(PathBuf, String)>,
    mut given: Table,
    mut issues: Vec<ConfigIssue>,
) -> Result<Loaded, Vec<ConfigIssue>> {
    let source = &request.source;
    let variables = environment::overlay(&mut given, &source.environment, &mut issues);
    if let Some(directory) = &source.data_dir {
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
        given.insert("data_dir".to_string(), Value::String(absolute.to_string_lossy().into_owned()));
    }
    let read =
        |given: Table, issues: &mut Vec<ConfigIssue>| read(given, source.usual_data_dir(), request.others, issues);
    if request.others.is_none() {
        NOT_MEASURED.iter().for_each(|name| {
            given.remove(*name);
        });
    }
    let mut found = Vec::new();
    let mut config = read(given.clone(), &mut found);
    if config.is_none() {
        // A key or type is wrong: the schema finds out which, and the rest is checked nevertheless.
        found.clear();
        config = read(schema::check(&given, &mut found), &mut found);
    }
    issues.extend(found);
    if config.is_none() && issues.is_empty() {
        issues.push(ConfigIssue { message: "could not be read (please report this)".into(), ..ConfigIssue::default() });
    }
    locate(&mut issues, file.as_ref(), &variables);
    match config {
        Some(config) if issues.is_empty() => Ok(Loaded { config, file, given, variables }),
        _ => Err(issues),
    }
}

fn parse(path: &Path, text: &str) -> Result<Table, Vec<ConfigIssue>> {
    let parsed = toml::from_str(text).map_err(|error: toml::de::Error| {
        let place = error.span().map_or_else(|| path.display().to_string(), |span| position(path, text, span.start));
        let message = format!("not valid TOML: {}", error.message().replace('\n', "; "));
        vec![ConfigIssue { place, message, ..ConfigIssue::default() }]
    });
    parsed.map(|mut given| {
        renamed::apply(&mut given);
        given
    })
}

fn locate(issues: &mut [ConfigIssue], file: Option<&(PathBuf, String)>, variables: &SetBy) {
    if issues.is_empty() {
        return;
    }
    let places = Places::new(file, variables);
    for issue in issues.iter_mut().filter(|issue| issue.place.is_empty()) {
        issue.place = places.nearest(&issue.path);
    }
}

/// Secrets among the settings of a file that others can read, without their locations.
pub fn open_secrets(request: &Request, path: &Path, given: &Table) -> Vec<ConfigIssue> {
    let mut all = Vec::new();
    if request.others.is_some() && secret::is_open_to_others(path) {
        schema::flatten(given, &[], &mut all);
    }
    let is_set = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let secrets = all.into_iter().filter(|(keys, value)| secret::is_secret(keys) && is_set(value));
    let message = format!("is a secret, and others can read this file; chmod 600 {}", path.display());
    secrets.map(|(path, _)| ConfigIssue { path, message: message.clone(), ..ConfigIssue::default() }).collect()
}
