//! A recorded host for unit tests, with tools of its own, which find it in `HOST`.

#![allow(clippy::unwrap_used)]

use crate::base::subprocess;
use crate::host::Root;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The host; removed at the end of the test.
pub struct Recorded(TempDir);

impl Recorded {
    /// An empty host.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The host as repairs see it.
    pub fn root(&self) -> Root {
        Root::new(Some(self.0.path()))
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    /// Adds a tool that is a shell script.
    pub fn tool(&self, name: &str, script: &str) {
        fs::create_dir_all(self.0.path().join("bin")).unwrap();
        write_program(
            &self.0.path().join("bin").join(name),
            &format!("HOST='{}'\n{script}\n", self.0.path().display()),
        );
    }

    /// Every file with its content.
    pub fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, mut waiting) = (BTreeMap::new(), vec![self.0.path().to_path_buf()]);
        while let Some(directory) = waiting.pop() {
            for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    found.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        found
    }
}

/// Writes a shell script, by another process: a program that this one has open for writing cannot be started.
pub fn write_program(path: &Path, script: &str) {
    let write = ["-c", "cat > \"$0\"; chmod 755 \"$0\"", path.to_str().unwrap()].map(str::to_string);
    let text = format!("#!/bin/sh\n{script}\n").into_bytes();
    subprocess::run("/bin/sh", &write, text, Duration::from_secs(10)).unwrap();
}
