//! Compares the SHA-256 sum of a file with a published one.

use crate::base::error_kind::ErrorKind;
use crate::base::file::{open_regular, read_at_most};
use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the file of sums beside the files of a release.
const SUMS: &str = "SHA256SUMS";
/// Largest file of sums that is read, in bytes.
const SUMS_MAX: u64 = 1024 * 1024;
/// Digits of a sum.
const DIGITS: usize = 64;

/// A file whose sum is the published one.
#[derive(Debug, Serialize)]
pub struct Checked {
    schema: u8,
    file: String,
    sha256: String,
    /// The file of sums; empty when the sum itself was given.
    pub listed_in: String,
}

/// Compares the sum of `file` with `sums`: the sum itself, or the file that lists it.
///
/// # Errors
/// The sums differ, none is published for this file, or one of the files cannot be read.
pub fn check(file: &Path, sums: Option<&Path>) -> Result<Checked> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (expected, listed_in) = match sums.and_then(Path::to_str).and_then(sum) {
        Some(sum) => (sum, String::new()),
        None => listed(&name, &sums.map_or_else(|| file.with_file_name(SUMS), PathBuf::from))?,
    };
    let found = sum_of(file)?;
    if found != expected {
        let source = if listed_in.is_empty() { "the sum given".to_string() } else { listed_in };
        return Err(ErrorKind::BadData(format!(
            "{} is not the published file: its SHA-256 sum is {found}, but {source} says {expected}; do not install it, download it again",
            file.display()
        ))
        .into());
    }
    Ok(Checked { schema: 1, file: file.display().to_string(), sha256: found, listed_in })
}

fn listed(name: &str, path: &Path) -> Result<(String, String)> {
    let shown = path.display().to_string();
    let text = read_at_most(path, SUMS_MAX).with_context(|| {
        format!("could not read {shown}; name the published sums with --sums FILE, or the sum itself")
    })?;
    match sum_for(&String::from_utf8_lossy(&text), name) {
        Some(sum) => Ok((sum, format!("in {shown}"))),
        None => Err(ErrorKind::BadData(format!("{shown} lists no SHA-256 sum of {name}")).into()),
    }
}

/// The sum of a file in a list as `sha256sum` writes it; a list of one sum without a name is that of any file.
fn sum_for(text: &str, name: &str) -> Option<String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let named = |line: &str| {
        let (digits, file) = line.split_once(char::is_whitespace)?;
        let file = file.trim_start().trim_start_matches('*');
        (file.rsplit('/').next() == Some(name)).then(|| sum(digits))?
    };
    lines().find_map(named).or_else(|| (lines().count() == 1).then(|| lines().next().and_then(sum))?)
}

/// A sum in small letters; `None` when the text is none.
fn sum(text: &str) -> Option<String> {
    let is_sum = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum.then(|| text.to_ascii_lowercase())
}

fn sum_of(path: &Path) -> Result<String> {
    let could_not = || format!("could not read {}", path.display());
    let mut file = open_regular(path).with_context(could_not)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer).with_context(could_not)? {
            0 => break,
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    let mut text = String::with_capacity(DIGITS);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_found_by_the_name_of_its_file() {
        let (a, b) = ("a".repeat(64), "B".repeat(64));
        let list = format!("{a}  osmon-1.tar.gz\n{b} *./dist/osmon_1_amd64.deb\nnonsense  c\n");
        assert_eq!(sum_for(&list, "osmon-1.tar.gz"), Some(a.clone()));
        assert_eq!(sum_for(&list, "osmon_1_amd64.deb"), Some("b".repeat(64)));
        for other in ["osmon-1.tar", "tar.gz", "c", "", "dist/osmon_1_amd64.deb"] {
            assert_eq!(sum_for(&list, other), None, "{other}");
        }
        assert_eq!(sum_for(&format!("{a}\n"), "anything"), Some(a.clone()), "the sum alone");
        assert_eq!(sum_for(&format!("{a}\n{b}\n"), "anything"), None);
        assert_eq!(sum_for(&format!("{a}  other\n"), "anything"), None);
    }
}
