//! Verifies state files and the outbox, and reports foreign files.

use super::finding::{Kind, Target};
use super::verifier::{Verifier, is_temporary};
use crate::base::file::read_at_most;
use crate::model::event::Event;
use crate::store::upkeep::Progress;
use serde::de::IgnoredAny;
use std::io;
use std::path::Path;

/// Largest document that is read, in bytes.
const DOCUMENT_MAX: u64 = 64 * 1024 * 1024;

impl Verifier {
    /// Checks everything but the history.
    pub(super) fn documents(&mut self) {
        for path in self.entries("state") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.contains(".corrupt-") {
                let file = self.relative(&path);
                self.findings.file(Kind::SetAside, &file, "", &Target::File);
            } else if is_temporary(&path) {
                self.stray(&path);
            } else if self.is_regular(&path, &Target::File) {
                if name.ends_with(".json") || name.ends_with(".json.1") {
                    self.document(&path, Kind::DamagedState, &is_json);
                } else if name.ends_with(".toml") {
                    self.document(&path, Kind::DamagedState, &is_toml);
                }
            }
        }
        for directory in ["outbox/new", "outbox/sent", "outbox/dead"] {
            for path in self.entries(directory) {
                if is_temporary(&path) {
                    self.stray(&path);
                } else if self.is_regular(&path, &Target::File) && path.extension().is_some_and(|end| end == "json") {
                    self.document(&path, Kind::DamagedAlert, &is_alert);
                }
            }
        }
        for path in self.entries("rollups") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == "progress.json" && self.is_regular(&path, &Target::File) {
                self.document(&path, Kind::DamagedState, &is_progress);
            } else if is_temporary(&path) {
                self.stray(&path);
            }
        }
        for path in self.entries("") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_temporary(&path) {
                self.stray(&path);
            } else if matches!(name.as_str(), "lock" | "reserve") {
                self.is_regular(&path, &Target::File);
            } else if name == "damaged" {
                self.findings.file(Kind::SetAside, &name, "", &Target::File);
            }
        }
    }

    fn document(&mut self, path: &Path, kind: Kind, check: &dyn Fn(&[u8]) -> Result<(), String>) {
        let file = self.relative(path);
        match read_at_most(path, DOCUMENT_MAX) {
            // Replaced or sent meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // A copy of the configuration, which may hold a secret: it is for its owner only.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && file.ends_with(".toml") => {}
            Err(error) => self.findings.file(Kind::Unreadable, &file, &error.to_string(), &Target::File),
            // An empty configuration is valid.
            Ok(content)
                if content.iter().all(|byte| *byte == 0) && !(content.is_empty() && file.ends_with(".toml")) =>
            {
                self.findings.file(kind, &file, "is empty, as after a power cut", &Target::File);
            }
            Ok(content) => {
                if let Err(reason) = check(&content) {
                    self.findings.file(kind, &file, &format!("is damaged ({reason})"), &Target::File);
                }
            }
        }
    }
}

/// Checks that the content is a JSON object.
///
/// # Errors
/// Why it is not.
pub(crate) fn is_json(content: &[u8]) -> Result<(), String> {
    if !content.trim_ascii_start().starts_with(b"{") {
        return Err("it is no JSON object".to_string());
    }
    serde_json::from_slice::<IgnoredAny>(content).map(|_| ()).map_err(|error| error.to_string())
}

fn is_toml(content: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(content).map_err(|error| error.to_string())?;
    text.parse::<toml::Table>().map(|_| ()).map_err(|error| error.message().to_string())
}

fn is_alert(content: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<Event>(content).map(|_| ()).map_err(|error| error.to_string())
}

fn is_progress(content: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<Progress>(content).map(|_| ()).map_err(|error| error.to_string())
}
