//! State files: small JSON documents that are replaced atomically; the previous generation is kept.

use super::{Store, at};
use crate::base::clock::Now;
use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace, replace_cache};
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Largest state file that is read, in bytes.
const STATE_MAX: u64 = 64 * 1024 * 1024;

/// A loaded state, with a notice if there was damage.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The content; `None` when no readable state exists.
    pub content: Option<T>,
    /// One sentence, when a damaged file was set aside.
    pub notice: Option<String>,
}

impl Store {
    fn state_file(&self, name: &str) -> PathBuf {
        self.directory.join("state").join(format!("{name}.json"))
    }

    /// Returns whether a state file exists.
    pub fn has_state(&self, name: &str) -> bool {
        self.state_file(name).exists()
    }

    /// Replaces a state file. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system; the state is then unchanged.
    pub fn save_state(&self, name: &str, state: &impl Serialize) -> Result<()> {
        let path = self.state_file(name);
        let directory = self.directory.join("state");
        at("make", &directory, make_directory(&directory))?;
        let content = serde_json::to_vec(state)?;
        let previous = path.with_extension("json.1");
        if path.exists() {
            // A link, not a rename: a current generation exists at every moment.
            let _ = fs::remove_file(&previous);
            let _ = fs::hard_link(&path, &previous);
        }
        at("write", &path, replace(&path, &content, FILE_MODE))
    }

    /// Removes a state file and its previous generation. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system. A missing file is no error.
    pub fn remove_state(&self, name: &str) -> Result<()> {
        let path = self.state_file(name);
        // The previous generation first: otherwise a crash between the two would restore it.
        remove_all([path.with_extension("json.1"), path])
    }

    /// Replaces a cache without syncing it, because it can be rebuilt: losing the counters of the last snapshot costs
    /// one interval of rates. The caller holds the lock.
    ///
    /// # Errors
    /// As [`Store::save_state`].
    pub fn save_cache(&self, name: &str, cache: &impl Serialize) -> Result<()> {
        let path = self.state_file(name);
        let directory = self.directory.join("state");
        at("make", &directory, make_directory(&directory))?;
        at("write", &path, replace_cache(&path, &serde_json::to_vec(cache)?, FILE_MODE))
    }

    /// Reads a cache; `None` when it cannot be read.
    pub fn load_cache<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        read_json(&self.state_file(name)).ok().flatten()
    }

    /// Replaces a file of packed numbers without syncing it, and keeps the generation before it, which is on the disk by now. The
    /// caller holds the lock.
    ///
    /// # Errors
    /// As [`Store::save_state`].
    pub fn save_numbers(&self, name: &str, packed: &[u8]) -> Result<()> {
        let path = self.numbers_file(name);
        let directory = self.directory.join("state");
        at("make", &directory, make_directory(&directory))?;
        let previous = path.with_extension("bin.1");
        if path.exists() {
            let _ = fs::remove_file(&previous);
            let _ = fs::hard_link(&path, &previous);
        }
        at("write", &path, replace_cache(&path, packed, FILE_MODE))
    }

    /// Reads a file of packed numbers and its previous generation, as far as they can be read, the newest first.
    pub fn load_numbers(&self, name: &str) -> Vec<Vec<u8>> {
        let path = self.numbers_file(name);
        let generations = [path.with_extension("bin.1"), path];
        generations.iter().rev().filter_map(|path| read_at_most(path, STATE_MAX).ok()).collect()
    }

    /// Removes a file of packed numbers and its previous generation. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system. A missing file is no error.
    pub fn remove_numbers(&self, name: &str) -> Result<()> {
        let path = self.numbers_file(name);
        remove_all([path.with_extension("bin.1"), path])
    }

    fn numbers_file(&self, name: &str) -> PathBuf {
        self.directory.join("state").join(format!("{name}.bin"))
    }

    /// Reads a state file without changing anything. If it is damaged, the previous generation is used and a notice
    /// returned.
    pub fn peek_state<T: DeserializeOwned>(&self, name: &str) -> Loaded<T> {
        let path = self.state_file(name);
        match read_json(&path) {
            Ok(content) => Loaded { content, notice: None },
            Err(reason) => {
                let content = read_json(&path.with_extension("json.1")).ok().flatten();
                let instead = if content.is_some() { "the generation before it is used" } else { "nothing is known" };
                Loaded { content, notice: Some(format!("{}: {reason}; {instead}", path.display())) }
            }
        }
    }

    /// Reads a state file. A damaged one is renamed to `.corrupt-<time>` and the previous generation is used.
    pub fn load_state<T: DeserializeOwned>(&self, name: &str, now: &Now) -> Loaded<T> {
        let path = self.state_file(name);
        match read_json(&path) {
            Ok(content) => Loaded { content, notice: None },
            Err(reason) => {
                let aside = path.with_extension(format!("json.corrupt-{}", now.wall.timestamp()));
                let kept = match fs::rename(&path, &aside) {
                    Ok(()) => format!("set aside as {}", aside.display()),
                    Err(error) => format!("could not be set aside ({error})"),
                };
                let content = read_json(&path.with_extension("json.1")).ok().flatten();
                let instead = if content.is_some() { "the generation before it is used" } else { "starting anew" };
                Loaded { content, notice: Some(format!("{}: {reason}; {kept}; {instead}", path.display())) }
            }
        }
    }
}

fn remove_all(paths: [PathBuf; 2]) -> Result<()> {
    for path in paths {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return at("remove", &path, Err(error)),
            _ => {}
        }
    }
    Ok(())
}

/// `Ok(None)` when the file does not exist.
fn read_json<T: DeserializeOwned>(path: &std::path::Path) -> Result<Option<T>, String> {
    match read_at_most(path, STATE_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
        Ok(content) if content.iter().all(|byte| *byte == 0) => Err("is empty, as after a power cut".to_string()),
        Ok(content) => serde_json::from_slice(&content).map(Some).map_err(|error| format!("is damaged ({error})")),
    }
}
