//! Where a page may be written: over an older page, and over nothing else.

use crate::base::fault::Fault;
use crate::base::file::read_at_most;
use std::fs;
use std::path::{Path, PathBuf};

/// By this a page is known; it stands at its beginning (`templates/report.html`).
const MARK: &[u8] = b"<meta name=\"generator\" content=\"osmon\">";
/// By this `report.json` is.
const MARK_BESIDE: &[u8] = b"\"verdict\":{";
/// So much of a file is looked at, in bytes.
const LOOKED_AT: u64 = 2000;
const ALL: u64 = 4 * 1024 * 1024;

/// The file itself, where a link leads to it.
///
/// # Errors
/// When a page there would destroy something else: the history, a file of somebody.
pub fn checked(path: &Path, data: &Path) -> Result<PathBuf, Fault> {
    let path = fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf());
    let refuse = |why: String| Err(Fault::Usage(format!("no page is written to {}: {why}", path.display())));
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
    if is_other(&path, MARK, LOOKED_AT) {
        return refuse("it is no page of osmon; remove it first, or choose another".to_string());
    }
    Ok(path)
}

/// Whether `report.json` beside a page would replace something else.
pub fn is_others(beside: &Path) -> bool {
    is_other(beside, MARK_BESIDE, ALL)
}

fn is_other(path: &Path, mark: &[u8], most: u64) -> bool {
    let begin = path.is_file().then(|| head(path, most)).flatten();
    begin.is_some_and(|begin| !begin.is_empty() && memchr::memmem::find(&begin, mark).is_none())
}

/// `None`: it cannot be read, and so not be replaced either, which says more.
fn head(path: &Path, most: u64) -> Option<Vec<u8>> {
    read_at_most(path, most).ok()
}
