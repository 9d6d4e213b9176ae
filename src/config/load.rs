//! From files and environment to one [`Config`]; every problem with its place.

use super::alert::Reader;
use super::merge::{self, Wrong, flatten, from_text, merge};
use super::place::{find, line_and_column};
use super::{Config, Problem, SETTINGS, check, rule, secret};
use crate::base::file::read_at_most;
use crate::base::similar::hint;
use nix::unistd::geteuid;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use toml::{Table, Value};

/// What the place of a variable of the environment begins with.
pub(super) const VARIABLE: &str = "environment variable ";
/// Largest configuration file that is read, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A file that must exist (`--config`); else the usual place is looked at.
    pub file: Option<PathBuf>,
    /// The data directory of `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// Text to use instead of the file's: the last good one.
    pub instead: Option<String>,
    /// What `instead` was made from: places are told in it.
    pub written: Option<String>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Reads `[alert]`; `None`: nobody will be told anything.
    pub alert: Option<Reader>,
}

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, and its text.
    pub file: Option<(PathBuf, String)>,
    merged: Table,
    variables: Vec<(Vec<String>, String)>,
}

impl Loaded {
    /// Every key with its value and its place (`default`, a place in the file, or a variable).
    pub fn values(&self) -> Vec<(Vec<String>, Value, String)> {
        let mut flat = Vec::new();
        flatten(&self.merged, &[], &mut flat);
        let place = |path: &[String]| place_of(path, &self.variables, self.file.as_ref(), true);
        let shown = |path: &[String], value: Value| match value.as_str() {
            Some(text) if !text.is_empty() && secret::is_secret(path) => Value::String("***".to_string()),
            _ => value,
        };
        flat.into_iter().map(|(path, value)| (path.clone(), shown(&path, value), place(&path))).collect()
    }

    /// What is allowed and probably not meant: rules that watch nothing.
    pub fn warnings(&self) -> Vec<Problem> {
        let doubts = check::doubts(&self.config).into_iter().map(|wrong| Problem {
            place: place_of(&wrong.path, &self.variables, self.file.as_ref(), false),
            message: format!("{}: {}", wrong.path.join("."), wrong.message),
            path: wrong.path,
        });
        doubts.collect()
    }
}

/// Variables that begin with `OSMON_` and are no configuration.
const OTHER_VARIABLES: [&str; 2] = ["OSMON_CONFIG", "OSMON_TEST_"];

/// Loads the configuration.
///
/// # Errors
/// Everything that is wrong, with its place.
pub fn load(request: &Request) -> Result<Loaded, Vec<Problem>> {
    let file = read_file(request).map_err(|problem| vec![problem])?;
    let known: Table = toml::from_str(SETTINGS).unwrap_or_default();
    let (mut merged, mut problems) = (known.clone(), Vec::new());
    if let Some((path, text)) = &file {
        match toml::from_str::<Table>(text) {
            Ok(given) => {
                let mut wrong = Vec::new();
                merge(&mut merged, &given, &known, &[], &mut wrong);
                problems.extend(wrong.into_iter().map(|wrong| in_file(path, text, &wrong)));
            }
            Err(error) => problems.push(syntax(path, text, &error)),
        }
    }
    let file = file.map(|(path, text)| (path, request.written.clone().unwrap_or(text)));
    let variables = overlay(&mut merged, request, &mut problems);
    if let Some(directory) = &request.data_dir {
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
        merged.insert("data_dir".to_string(), Value::String(absolute.to_string_lossy().into_owned()));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut wrong = Vec::new();
    let mut config = check::read(&merged, default_data_dir(request), &mut wrong);
    if let Some(reader) = request.alert {
        let alert = (reader.0)(&merged, &mut wrong);
        config = config.zip(alert).map(|(config, alert)| Config { alert, ..config });
    }
    problems.extend(wrong.into_iter().map(|wrong| Problem {
        place: place_of(&wrong.path, &variables, file.as_ref(), false),
        message: format!("{}: {}", wrong.path.join("."), wrong.message),
        path: wrong.path,
    }));
    problems.extend(file.iter().flat_map(|(path, text)| readable(request, path, text)));
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, file, merged, variables }),
        _ => Err(problems),
    }
}

/// The secrets in a file that others can read.
pub(super) fn readable(request: &Request, path: &Path, text: &str) -> Vec<Problem> {
    let mut all = Vec::new();
    if request.instead.is_none() && secret::is_open_to_others(path) {
        flatten(&toml::from_str(text).unwrap_or_default(), &[], &mut all);
    }
    let is_secret = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let secrets = all.into_iter().filter(|(keys, value)| secret::is_secret(keys) && is_secret(value));
    let problem = |(keys, _): (Vec<String>, Value)| Problem {
        place: place_of(&keys, &[], Some(&(path.to_path_buf(), text.to_string())), false),
        message: format!(
            "{}: is a secret, and others can read this file; chmod 600 {}",
            keys.join("."),
            path.display()
        ),
        path: keys,
    };
    secrets.map(problem).collect()
}

/// Where the configuration file is looked for.
pub fn usual_file(request: &Request) -> PathBuf {
    base_directory(request, "XDG_CONFIG_HOME", ".config", "/etc").join("osmon").join("osmon.toml")
}

pub(super) fn default_data_dir(request: &Request) -> PathBuf {
    base_directory(request, "XDG_STATE_HOME", ".local/state", "/var/lib").join("osmon")
}

fn base_directory(request: &Request, variable: &str, below_home: &str, for_root: &str) -> PathBuf {
    let get =
        |name: &str| request.environment.iter().find(|(key, _)| key == name).map(|(_, value)| PathBuf::from(value));
    if geteuid().is_root() {
        return PathBuf::from(for_root);
    }
    get(variable)
        .filter(|path| path.is_absolute())
        .unwrap_or_else(|| get("HOME").unwrap_or_else(|| PathBuf::from("/")).join(below_home))
}

pub(super) fn read_file(request: &Request) -> Result<Option<(PathBuf, String)>, Problem> {
    let named = request.file.clone().or_else(|| {
        request.environment.iter().find(|(key, _)| key == "OSMON_CONFIG").map(|(_, value)| PathBuf::from(value))
    });
    let path = named.clone().unwrap_or_else(|| usual_file(request));
    if let Some(text) = &request.instead {
        return Ok(Some((path, text.clone())));
    }
    let problem = |message: String| Problem { place: path.display().to_string(), message, path: Vec::new() };
    match read_at_most(&path, FILE_MAX + 1) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(problem(format!("could not read the configuration: {error}"))),
        Ok(content) if content.len() as u64 > FILE_MAX => {
            Err(problem("larger than 1 MiB: not a configuration".to_string()))
        }
        Ok(content) => match String::from_utf8(content) {
            Ok(text) => Ok(Some((path.clone(), text))),
            Err(_) => Err(problem("not UTF-8 text".to_string())),
        },
    }
}

/// Puts `OSMON_…` over the table; gives back which variable set which key.
fn overlay(merged: &mut Table, request: &Request, problems: &mut Vec<Problem>) -> Vec<(Vec<String>, String)> {
    let is_ours =
        |name: &str| name.starts_with("OSMON_") && !OTHER_VARIABLES.iter().any(|other| name.starts_with(other));
    let given: Vec<&(String, String)> = request.environment.iter().filter(|(name, _)| is_ours(name)).collect();
    if given.is_empty() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    flatten(merged, &[], &mut keys);
    for above in [&["rule"][..], &["alert", "route"]] {
        let above: Vec<String> = above.iter().map(ToString::to_string).collect();
        let Some(named) = merge::named(&above) else { continue };
        let section = above.iter().try_fold(&*merged, |table, key| table.get(key)?.as_table());
        for name in section.into_iter().flat_map(Table::keys) {
            let path = |key: &String| [above.clone(), vec![name.clone(), key.clone()]].concat();
            keys.extend(named.iter().map(|(key, value)| (path(key), value.clone())));
        }
    }
    let named: Vec<(String, Vec<String>, Value)> =
        keys.into_iter().map(|(path, value)| (variable_name(&path), path, value)).collect();
    let mut set = Vec::new();
    for (name, text) in given {
        let mut wrong = |message| {
            problems.push(Problem { place: format!("{VARIABLE}{name}"), message, path: Vec::new() });
        };
        let Some((_, path, expected)) = named.iter().find(|(known, _, _)| known == name) else {
            wrong(format!("sets nothing{}", hint(name, named.iter().map(|(known, _, _)| known.as_str()))));
            continue;
        };
        match from_text(expected, text) {
            Ok(value) => {
                put(merged, path, value);
                set.push((path.clone(), name.clone()));
            }
            Err(message) => wrong(message),
        }
    }
    for (rule, keys) in merged.get_mut("rule").and_then(Value::as_table_mut).into_iter().flatten() {
        let of_rule = set
            .iter()
            .filter(|(path, _)| matches!(path.as_slice(), [first, name, _] if first == "rule" && name == rule));
        if let Value::Table(keys) = keys {
            rule::forget_derived(
                keys,
                &of_rule.filter_map(|(path, _)| path.last()).map(String::as_str).collect::<Vec<_>>(),
            );
        }
    }
    set
}

fn variable_name(path: &[String]) -> String {
    format!("OSMON_{}", path.join("_").replace(['-', '.'], "_").to_uppercase())
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [key] => {
            table.insert(key.clone(), value);
        }
        [first, rest @ ..] => {
            if let Value::Table(inner) = table.entry(first).or_insert_with(|| Value::Table(Table::new())) {
                put(inner, rest, value);
            }
        }
        [] => {}
    }
}

/// Where a key was set; when it need not be `exact`, the section it is missing in will do.
fn place_of(
    path: &[String],
    variables: &[(Vec<String>, String)],
    file: Option<&(PathBuf, String)>,
    exact: bool,
) -> String {
    if let Some((_, variable)) = variables.iter().find(|(set, _)| set == path) {
        return format!("{VARIABLE}{variable}");
    }
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    file.and_then(|(file, text)| {
        let table = DeTable::parse(text).ok()?;
        let span = find(table.get_ref(), &keys)?;
        // The section alone does not set the key.
        (!exact || text.get(span.clone())?.trim_matches('"') == *keys.last()?).then(|| position(file, text, span.start))
    })
    .unwrap_or_else(|| "default".to_string())
}

fn position(path: &Path, text: &str, offset: usize) -> String {
    let (line, column) = line_and_column(text, offset);
    format!("{}:{line}:{column}", path.display())
}

fn in_file(path: &Path, text: &str, wrong: &Wrong) -> Problem {
    let keys: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
    let table = DeTable::parse(text).ok();
    let span = table.as_ref().and_then(|table| find(table.get_ref(), &keys));
    let place = span.map_or_else(|| path.display().to_string(), |span| position(path, text, span.start));
    Problem { place, message: format!("{}: {}", wrong.path.join("."), wrong.message), path: wrong.path.clone() }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Problem {
    let place = error.span().map_or_else(|| path.display().to_string(), |span| position(path, text, span.start));
    Problem { place, message: format!("not valid TOML: {}", error.message().replace('\n', "; ")), path: Vec::new() }
}
