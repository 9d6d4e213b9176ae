//! The settings that were taken over so far, each with the line it comes from.

use crate::base::text::clean;
use crate::config::parse_address;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Value;

/// Longest text of another system that is repeated, in characters.
const TEXT_MAX: usize = 200;
/// Longest message, in characters.
const MESSAGE_MAX: usize = 400;

/// Something that could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `FILE:LINE`.
    pub place: String,
    /// The key there.
    pub key: String,
    /// The reason, and an alternative.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.key, self.message)
    }
}

/// A file that holds a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedSecret {
    /// Where it belongs.
    pub path: PathBuf,
    /// The secret.
    pub content: String,
    /// `FILE:LINE` it comes from.
    pub place: String,
}

impl fmt::Debug for ImportedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedSecret").field("path", &self.path).field("place", &self.place).finish_non_exhaustive()
    }
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The text of `osmon.toml`. It is valid, and contains no secret.
    pub text: String,
    /// Settings that could not be taken over, with the reasons.
    pub notes: Vec<Note>,
    /// The files that hold the secrets.
    pub secrets: Vec<ImportedSecret>,
}

/// One setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Name of its section, such as `alert.smtp`.
    pub section: String,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// `FILE:LINE` it comes from.
    pub place: String,
}

/// The settings.
#[derive(Debug)]
pub struct Draft {
    file: String,
    directory: PathBuf,
    /// The settings, in the order in which they were found.
    pub settings: Vec<Setting>,
    /// Settings that could not be taken over.
    pub notes: Vec<Note>,
    /// The secrets.
    pub secrets: Vec<ImportedSecret>,
    /// The files are in French.
    pub is_french: bool,
    /// File systems with rules of their own: default rule, metric, mount point.
    pub own_mounts: Vec<(String, String, String)>,
}

impl Draft {
    /// No settings yet. `directory`: where files with secrets belong.
    pub fn new(directory: &Path) -> Self {
        Self {
            file: String::new(),
            directory: directory.to_path_buf(),
            settings: Vec::new(),
            notes: Vec::new(),
            secrets: Vec::new(),
            is_french: false,
            own_mounts: Vec::new(),
        }
    }

    /// Names the file that is read next, for the places of settings and notes.
    pub fn begin(&mut self, file: &str) {
        self.file = clean(file, TEXT_MAX);
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }

    /// The name of the file that is being read.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Adds a note about a setting that could not be taken over.
    pub fn note(&mut self, line: usize, key: &str, message: impl Into<String>) {
        let message = clean(&message.into(), MESSAGE_MAX);
        let note = Note { place: self.place(line), key: clean(key, TEXT_MAX), message };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A setting.
    pub fn get(&self, section: &str, key: &str) -> Option<&Value> {
        self.settings
            .iter()
            .find(|setting| setting.section == section && setting.key == key)
            .map(|setting| &setting.value)
    }

    /// Takes a setting over. One that is set to something else already stays.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<Value>, line: usize) {
        let (value, place) = (value.into(), self.place(line));
        let known = self.settings.iter().find(|setting| setting.section == section && setting.key == key);
        match known.map(|setting| (setting.value == value, setting.place.clone())) {
            None => self.settings.push(Setting { section: section.to_string(), key: key.to_string(), value, place }),
            Some((true, _)) => {}
            Some((false, first)) => {
                self.note(
                    line,
                    &format!("[{section}] {key}"),
                    format!("is set by {first} already; this one is left out"),
                );
            }
        }
    }

    /// Adds to a list.
    pub fn add(&mut self, section: &str, key: &str, item: &str, line: usize) {
        let item = Value::String(clean(item, TEXT_MAX));
        let known = self.settings.iter_mut().find(|setting| setting.section == section && setting.key == key);
        match known.map(|setting| &mut setting.value) {
            Some(Value::Array(items)) if !items.contains(&item) => items.push(item),
            Some(_) => {}
            None => self.set(section, key, Value::Array(vec![item]), line),
        }
    }

    /// Adds recipients, separated by commas, semicolons or spaces.
    pub fn recipients(&mut self, text: &str, line: usize, key: &str) {
        let mut is_any = false;
        for address in text
            .split([',', ';', ' ', '\t'])
            .map(|part| part.trim_matches(['<', '>', '"', '\'']))
            .filter(|part| !part.is_empty())
        {
            is_any = true;
            match parse_address(address) {
                Ok(_) => self.add("alert", "to", address, line),
                Err(why) => self.note(line, key, format!("{why}; left out")),
            }
        }
        if !is_any {
            self.note(line, key, "names nobody; set to = [\"you@example.org\"] under [alert]");
        }
    }

    /// Sets the sender.
    pub fn sender(&mut self, address: &str, line: usize, key: &str) {
        match parse_address(address) {
            Ok(_) => self.set("alert", "from", address, line),
            Err(why) => self.note(line, key, format!("{why}; left out: osmon@ and the name of the host is the sender")),
        }
    }

    /// Keeps a secret in a file of its own, and names that file.
    pub fn secret(&mut self, section: &str, key: &str, name: &str, content: &str, line: usize) {
        let path = self.directory.join(name);
        self.set(section, key, path.display().to_string(), line);
        if self.secrets.iter().all(|secret| secret.path != path) {
            self.secrets.push(ImportedSecret { path, content: content.to_string(), place: self.place(line) });
        }
    }

    /// The path of a file that will hold a secret.
    pub fn secret_path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }
}
