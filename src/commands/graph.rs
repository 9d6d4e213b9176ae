//! `osmon graph`: the page.

mod input;
mod long;
mod past;
mod read;

use super::here::Here;
use super::upkeep;
use crate::base::clock::own_cpu_ms;
use crate::base::file::replace;
use crate::cli::{Call, Command, Exit};
use crate::report::render;
use anyhow::{Context, Result};
use clap::{Args, FromArgMatches};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Mode of the page: the group may read it, others may not; it names processes and users.
const PAGE_MODE: u32 = 0o640;

#[derive(Debug, Args)]
struct Arguments {
    /// Where to write it [default: report.html in the data directory, or what [report] path says]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "graph",
    aliases: &["report"],
    about: "Draw the page: verdict, tiles, open problems, charts from an hour to a year, who used the host, events",
    examples: "  osmon graph\n  osmon graph --out /srv/www/web-01.html",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = Here::open(call)?;
    // Who runs the small binaries only has no other step that closes hours and days. When somebody else is at work, it is he.
    if let Ok(Some(_lock)) = here.store.try_lock(Duration::ZERO)
        && let Err(error) = upkeep::keep_up(&here)
    {
        here.out.complain(&format!("history is not tidied up: {error:#}"));
    }
    let path = write(&here, arguments.out)?;
    if call.out.json {
        call.out.result(&serde_json::json!({ "schema": 1, "report": path }).to_string());
    }
    call.out.say(&path.display().to_string());
    Ok(Exit::Done)
}

/// Makes the page and puts it in its place, whole; gives where.
pub fn write(here: &Here, out: Option<PathBuf>) -> Result<PathBuf> {
    let path = out.unwrap_or_else(|| here.report_path());
    let begun = own_cpu_ms();
    let mut input = input::read(here)?;
    input.cost_ms = own_cpu_ms() - begun;
    put(&path, &render(&input)?)?;
    Ok(path)
}

/// Replaces a file whole. Who opened it to a web server's group wants it to stay open.
fn put(path: &Path, content: &str) -> Result<()> {
    let mode = path.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace(path, content.as_bytes(), mode).with_context(|| format!("could not write the report {}", path.display()))
}
