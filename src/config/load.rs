//! Loads the configuration: defaults, then the file, then the environment, then the command line.

use super::environment::{self, SetBy};
use super::issue::ConfigIssue;
use super::locate::{Part, Places};
use super::location::Source;
use super::open_repairs::{open_commands, open_repairs};
use super::open_secrets::open_secrets;
use super::read::{SectionReader, read};
use super::recover::recover;
use super::settings::Config;
use super::{lint, renamed, schema, secret};
use crate::base::sort::SmallSort;
use std::path::PathBuf;
use toml::{Table, Value};

/// Sections that a measurement does not need.
const NOT_MEASURED: [&str; 4] = ["report", "alert", "rule", "heal"];

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
        let places = Places::new(self.file.as_ref(), &[], &self.variables);
        let shown = |path: &[String], value: Value| match value.as_str() {
            Some(text) if !text.is_empty() && secret::is_secret(path) => Value::String("***".to_string()),
            _ => value,
        };
        flat.into_iter().map(|(path, value)| (path.clone(), shown(&path, value), places.exact(&path))).collect()
    }

    /// Returns whether a variable of the environment sets this key.
    pub fn is_set_by_variable(&self, path: &[&str]) -> bool {
        self.variables.iter().any(|(key, _)| key == path)
    }

    /// Valid settings that are probably mistakes.
    pub fn warnings(&self) -> Vec<ConfigIssue> {
        let mut issues = lint::check(&self.config, &self.given);
        locate(&mut issues, &Places::new(self.file.as_ref(), &[], &self.variables));
        issues
    }
}

/// Everything that is to say about a configuration.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// Errors, in the order of the file.
    pub errors: Vec<ConfigIssue>,
    /// Valid settings that are probably mistakes, in the order of the file.
    pub warnings: Vec<ConfigIssue>,
    /// The configuration, if there are no errors.
    pub loaded: Option<Loaded>,
}

/// The settings of a file.
#[derive(Debug, Default)]
struct Document {
    file: Option<(PathBuf, String)>,
    settings: Table,
    /// Its readable parts, if it is not valid as a whole.
    parts: Vec<Part>,
    /// Mistakes in its syntax.
    issues: Vec<ConfigIssue>,
}

/// Settings after they were read: the configuration, unless they are too wrong for one, and the issues.
struct Evaluated {
    config: Option<Config>,
    file: Option<(PathBuf, String)>,
    parts: Vec<Part>,
    given: Table,
    variables: SetBy,
    issues: Vec<ConfigIssue>,
}

/// Loads the configuration.
///
/// # Errors
/// All issues, with their locations.
pub fn load(request: &Request) -> Result<Loaded, Vec<ConfigIssue>> {
    let document = Document::read(request.source.read().map_err(|issue| vec![issue])?);
    Evaluated::new(request, document).loaded()
}

/// Loads the configuration from a text instead of its file.
///
/// # Errors
/// As [`load`].
pub fn load_text(request: &Request, text: String) -> Result<Loaded, Vec<ConfigIssue>> {
    let document = Document::read(Some((request.source.path(), text)));
    Evaluated::of(request, document).loaded()
}

/// Loads the configuration from settings; `issues` are those already found, and `file` is searched for locations.
///
/// # Errors
/// As [`load`].
pub fn load_table(
    request: &Request,
    file: Option<(PathBuf, String)>,
    settings: Table,
    issues: Vec<ConfigIssue>,
) -> Result<Loaded, Vec<ConfigIssue>> {
    Evaluated::of(request, Document { file, settings, issues, ..Document::default() }).loaded()
}

/// Finds everything that is wrong or doubtful, in one pass.
pub fn examine(request: &Request) -> Examined {
    let file = match request.source.read() {
        Ok(file) => file,
        Err(issue) => return Examined { errors: vec![issue], ..Examined::default() },
    };
    let evaluated = Evaluated::new(request, Document::read(file));
    let mut warnings = evaluated.config.as_ref().map_or_else(Vec::new, |config| lint::check(config, &evaluated.given));
    warnings.retain(|warning| !evaluated.issues.iter().any(|issue| issue.path == warning.path));
    locate(&mut warnings, &Places::new(evaluated.file.as_ref(), &evaluated.parts, &evaluated.variables));
    match evaluated.loaded() {
        Ok(loaded) => Examined { warnings, loaded: Some(loaded), ..Examined::default() },
        Err(errors) => Examined { errors, warnings, loaded: None },
    }
}

impl Document {
    fn read(file: Option<(PathBuf, String)>) -> Self {
        let text = file.as_ref().map_or("", |(_, text)| text.as_str());
        let mut document = match toml::from_str(text) {
            Ok(settings) => Self { settings, file, ..Self::default() },
            Err(error) => {
                let mut recovered = recover(text);
                if recovered.mistakes.is_empty() {
                    let message = format!("not valid TOML: {}", error.message().replace('\n', "; "));
                    let issue = ConfigIssue { message, ..ConfigIssue::default() };
                    recovered.mistakes.push((error.span().map_or(0, |span| span.start), issue));
                }
                let variables = SetBy::new();
                let places = Places::new(file.as_ref(), &[], &variables);
                let located = recovered.mistakes.into_iter().map(|(offset, mut issue)| {
                    places.locate_at(&mut issue, offset);
                    issue
                });
                let issues = located.collect();
                Self { settings: recovered.table, parts: recovered.parts, issues, file }
            }
        };
        renamed::apply(&mut document.settings);
        document
    }
}

impl Evaluated {
    /// As [`Self::of`], for the file in use: it must not show secrets to others.
    fn new(request: &Request, mut document: Document) -> Self {
        if let Some((path, _)) = document.file.as_ref().filter(|_| request.others.is_some()) {
            document.issues.extend(open_secrets(path, &document.settings));
            document.issues.extend(open_repairs(path, &document.settings));
        }
        if let Some((path, _)) = &document.file {
            document.issues.extend(open_commands(path, &document.settings));
        }
        Self::of(request, document)
    }

    /// Overlays the settings of a file with those of the environment and the command line, and reads them.
    fn of(request: &Request, document: Document) -> Self {
        let Document { file, settings: mut given, parts, mut issues } = document;
        let source = &request.source;
        let variables = environment::overlay(&mut given, &source.environment, &mut issues);
        if let Some(directory) = &source.data_dir {
            let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
            given.insert("data_dir".to_string(), Value::String(absolute.to_string_lossy().into_owned()));
        }
        if request.others.is_none() {
            NOT_MEASURED.iter().for_each(|name| {
                given.remove(*name);
            });
        }
        let read =
            |given: Table, issues: &mut Vec<ConfigIssue>| read(given, source.usual_data_dir(), request.others, issues);
        let mut found = issues.clone();
        let mut config = read(given.clone(), &mut found);
        if config.is_none() {
            // A key or type is wrong: the schema finds out which, and the rest is checked nevertheless.
            found = issues;
            config = read(schema::check(&given, &mut found), &mut found);
        }
        if config.is_none() && found.is_empty() {
            found.push(ConfigIssue {
                message: "could not be read (please report this)".into(),
                ..ConfigIssue::default()
            });
        }
        if !found.is_empty() {
            locate(&mut found, &Places::new(file.as_ref(), &parts, &variables));
        }
        Self { config, file, parts, given, variables, issues: found }
    }

    fn loaded(self) -> Result<Loaded, Vec<ConfigIssue>> {
        let Self { config, file, given, variables, issues, .. } = self;
        match config {
            Some(config) if issues.is_empty() => Ok(Loaded { config, file, given, variables }),
            _ => Err(issues),
        }
    }
}

/// Adds the places, and sorts by them.
fn locate(issues: &mut [ConfigIssue], places: &Places<'_>) {
    issues.iter_mut().filter(|issue| issue.place.is_empty()).for_each(|issue| places.locate(issue));
    issues.arrange_by_key(|issue| issue.position.unwrap_or((u32::MAX, 0)));
}
