//! `osmon graph`: the page, a single chart, and the month on paper.

mod hours;
mod hushed;
mod input;
mod long;
mod ninety;
mod one;
mod past;
mod pdf;
mod place;
mod read;
mod recorded;
mod summary;
mod used;
mod watched;

use super::here::Here;
use super::upkeep;
use crate::base::clock::own_cpu_ms;
use crate::base::fault::Fault;
use crate::base::file::{replace, replace_cache};
use crate::cli::{Call, Command, Exit};
use crate::report::range::RANGES;
use crate::report::{Input, render};
use anyhow::{Context, Result};
use clap::{Args, FromArgMatches};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Mode of the page: the group may read it, others may not; it names processes and users.
const PAGE_MODE: u32 = 0o640;

#[derive(Debug, Args)]
struct Arguments {
    /// Draw these metrics alone: cpu.busy_percent, 'disk.used_percent{mount="/var*"}', "load" for all of a kind
    #[arg(value_name = "METRIC")]
    metrics: Vec<String>,
    /// How far back: 1h, 24h, 7d, 30d, 1y or any other span; of the page, which of its ranges is seen first [default: 24h]
    #[arg(short, long, value_name = "SPAN")]
    range: Option<String>,
    /// Where to write it: the page, a file that ends in .html [default: report.html in the data directory, or what [report]
    /// path says]; of metrics .svg or .png [default: SVG to standard output]; "-": standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The last 30 days on A4 as PDF, printed by a browser that is installed (needs --out)
    #[arg(long, requires = "out", conflicts_with = "metrics")]
    pdf: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "graph",
    aliases: &["report"],
    about: "Draw the page: verdict, tiles, open problems, charts from an hour to a year, who used the host, events",
    examples: "  osmon graph\n  osmon graph --out /srv/www/web-01.html\n  osmon graph cpu.busy_percent --range 7d --out cpu.svg\n  osmon graph 'disk.used_percent{mount=\"/var\"}' --range 1y --out var.png\n  osmon graph --pdf --out november.pdf",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = Here::open(call)?;
    if !arguments.metrics.is_empty() || arguments.pdf {
        // Who asks for something wants to read each time why he does not get it.
        call.out.hold_nothing_back();
    }
    // Who runs the small binaries only has no other step that closes hours and days. When somebody else is at work, it is he.
    if let Ok(Some(_lock)) = here.store.try_lock(Duration::ZERO)
        && let Err(error) = upkeep::keep_up(&here)
    {
        here.out.complain(&format!("history is not tidied up: {error:#}"));
    }
    if !arguments.metrics.is_empty() {
        return one::draw(&here, &arguments.metrics, arguments.range.as_deref(), arguments.out.as_deref());
    }
    if let (true, Some(out)) = (arguments.pdf, &arguments.out) {
        return pdf::print(&here, arguments.range.as_deref(), out);
    }
    if arguments.out.as_deref() == Some(Path::new("-")) {
        call.out.result(render(&gathered(&here, arguments.range.as_deref())?)?.trim_end());
        return Ok(Exit::Done);
    }
    let path = page(&here, arguments.out, arguments.range.as_deref())?;
    if call.out.json {
        call.out.result(&serde_json::json!({ "schema": 1, "report": path }).to_string());
    }
    call.out.say(&path.display().to_string());
    Ok(Exit::Done)
}

/// Makes the page and puts it in its place, whole, with `report.json` beside it; gives where.
pub fn write(here: &Here, out: Option<PathBuf>) -> Result<PathBuf> {
    page(here, out, None)
}

fn page(here: &Here, out: Option<PathBuf>, range: Option<&str>) -> Result<PathBuf> {
    let path = place::checked(&out.unwrap_or_else(|| here.report_path()), here.store.directory())?;
    let input = gathered(here, range)?;
    put(&path, &render(&input)?)?;
    // Worth no sync: the next run makes it anew.
    let beside = path.with_extension("json");
    if place::is_others(&beside) {
        here.out.complain(&format!("{} is not made by osmon, and stays as it is", beside.display()));
        return Ok(path);
    }
    let mode = beside.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace_cache(&beside, summary::json(&input).as_bytes(), mode)
        .with_context(|| format!("could not write {}", beside.display()))?;
    Ok(path)
}

fn gathered(here: &Here, range: Option<&str>) -> Result<Input> {
    let begun = own_cpu_ms();
    let mut input = input::read(here)?;
    if let Some(range) = range {
        input.first_range = first(&input, range)?;
    }
    input.cost_ms = own_cpu_ms() - begun;
    Ok(input)
}

/// The range of the page that is seen first.
fn first(input: &Input, wanted: &str) -> Result<&'static str> {
    let known: Vec<&str> = input.ranges.iter().map(|drawn| drawn.id.as_str()).collect();
    let found = RANGES.iter().find(|range| range.id == wanted && known.contains(&range.id));
    found.map(|range| range.id).ok_or_else(|| {
        let wanted = crate::base::text::clean(wanted, 40);
        Fault::Usage(format!("the page has no range {wanted}; it has {}", known.join(", "))).into()
    })
}

/// Replaces a file whole. Who opened it to a web server's group wants it to stay open.
fn put(path: &Path, content: &str) -> Result<()> {
    let mode = path.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace(path, content.as_bytes(), mode).with_context(|| format!("could not write the report {}", path.display()))
}
