//! Paths where a page may be written: it replaces an older page, but no other file.

use crate::base::error_kind::ErrorKind;
use crate::base::file::read_at_most;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Identifies a page, at its beginning (`templates/report/head.html`).
const MARK: &[u8] = b"<meta name=\"generator\" content=\"osmon\">";
/// Identifies `report.json`.
const MARK_BESIDE: &[u8] = b"\"verdict\":{";
/// Number of bytes of a file that are searched.
const LOOKED_AT: u64 = 2000;
const ALL: u64 = 4 * 1024 * 1024;

/// Resolves links and checks the target.
///
/// # Errors
/// When writing there would destroy the history or a foreign file.
pub fn checked(path: &Path, data: &Path) -> Result<PathBuf, ErrorKind> {
    let path = fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf());
    let refuse = |why: String| Err(ErrorKind::Usage(format!("no page is written to {}: {why}", path.display())));
    let is_page =
        path.extension().is_some_and(|end| end.eq_ignore_ascii_case("html") || end.eq_ignore_ascii_case("htm"));
    if !is_page {
        return refuse("it must end in .html (a chart of metrics: .svg or .png)".to_string());
    }
    let data = fs::canonicalize(data).unwrap_or_else(|_| data.to_path_buf());
    if path.starts_with(&data) && path.parent() != Some(&data) {
        return refuse(format!("below {} is the history", data.display()));
    }
    if path.is_dir() {
        return refuse("it is a directory".to_string());
    }
    match begins(&path, LOOKED_AT) {
        Ok(begin) if is_other(&begin, MARK) => {
            refuse("it is no page of osmon; remove it first, or choose another".to_string())
        }
        // A rename would replace it nevertheless.
        Err(error) => refuse(format!("what is there cannot be read ({error}); remove it first, or choose another")),
        Ok(_) => Ok(path),
    }
}

/// Returns whether `report.json` next to a page is a foreign or unreadable file.
pub fn is_others(beside: &Path) -> bool {
    begins(beside, ALL).map_or(true, |begin| is_other(&begin, MARK_BESIDE))
}

/// Returns whether a file, and no link, is a page of osmon.
pub fn is_page(path: &Path) -> bool {
    has(path, LOOKED_AT, MARK)
}

/// Returns whether a file, and no link, is the `report.json` of a page.
pub fn is_beside(path: &Path) -> bool {
    has(path, ALL, MARK_BESIDE)
}

fn has(path: &Path, most: u64, mark: &[u8]) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
        && begins(path, most).is_ok_and(|begin| memchr::memmem::find(&begin, mark).is_some())
}

fn is_other(begin: &[u8], mark: &[u8]) -> bool {
    !begin.is_empty() && memchr::memmem::find(begin, mark).is_none()
}

/// The first bytes of a file; empty when it does not exist.
fn begins(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    match read_at_most(path, most) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
