//! Writes the page and `report.json` beside it.

mod place;

use crate::base::clock::own_cpu_ms;
use crate::base::clock::stamp;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{replace, replace_cache};
use crate::context::Context;
use crate::report::chart::range::RANGES;
use crate::report::input::gather;
use crate::report::page::data::PageData;
use crate::report::page::render::render;
use crate::report::page::summary;
use anyhow::{Context as _, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Mode of the page: readable by the group, not by others, because it names processes and users.
pub const PAGE_MODE: u32 = 0o640;

/// Writes the page and `report.json` atomically. Returns the path of the page.
pub fn write(context: &Context, out: Option<PathBuf>) -> Result<PathBuf> {
    page(context, out, None)
}

/// Writes the page to `out`, or to the configured path; `range` is shown first. Returns the path.
pub fn page(context: &Context, out: Option<PathBuf>, range: Option<&str>) -> Result<PathBuf> {
    let path = place::checked(&out.unwrap_or_else(|| context.report_path()), context.store.directory())?;
    let input = gathered(context, range)?;
    put(&path, &render(&input)?)?;
    // Not synced: the next run writes it again.
    let beside = path.with_extension("json");
    if place::is_others(&beside) {
        context.out.warn(&format!("{} is not made by osmon, and stays as it is", beside.display()));
        return Ok(path);
    }
    let mode = beside.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace_cache(&beside, format!("{}\n", summary::of(&input, &stamp(input.now))).as_bytes(), mode)
        .with_context(|| format!("could not write {}", beside.display()))?;
    Ok(path)
}

/// Removes a page and the file beside it, if osmon made them; links stay. Returns what was removed.
pub fn remove(page: &Path) -> Vec<PathBuf> {
    let beside = page.with_extension("json");
    let own = [(page, place::is_page(page)), (&beside, place::is_beside(&beside))];
    let own = own.into_iter().filter(|(path, is_own)| *is_own && std::fs::remove_file(path).is_ok());
    own.map(|(path, _)| path.to_path_buf()).collect()
}

/// Gathers what the page shows.
pub fn gathered(context: &Context, range: Option<&str>) -> Result<PageData> {
    let begun = own_cpu_ms();
    let mut input = gather::read(context)?;
    if let Some(range) = range {
        input.first_range = first(&input, range)?;
    }
    input.cost_ms = own_cpu_ms() - begun;
    Ok(input)
}

/// The range shown first.
pub fn first(input: &PageData, wanted: &str) -> Result<&'static str> {
    let known: Vec<&str> = input.ranges.iter().map(|drawn| drawn.id.as_str()).collect();
    let found = RANGES.iter().find(|range| range.id == wanted && known.contains(&range.id));
    found.map(|range| range.id).ok_or_else(|| {
        let wanted = crate::base::text::clean(wanted, 40);
        ErrorKind::Usage(format!("the page has no range {wanted}; it has {}", known.join(", "))).into()
    })
}

/// Replaces a file atomically. Group and mode of an existing file are kept, for pages opened to the group of a web
/// server.
pub fn put(path: &Path, content: &str) -> Result<()> {
    let mode = path.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace(path, content.as_bytes(), mode).with_context(|| format!("could not write the report {}", path.display()))
}
