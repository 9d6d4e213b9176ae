//! `osmon graph`: the page, a single chart, and the month on paper.

mod one;
mod pdf;

use crate::cli::{Call, Command, Exit};
use crate::context::Context;
use crate::pipeline::maintain;
use crate::pipeline::render::{gathered, page};
use crate::report::page::render::render;
use anyhow::Result;
use clap::{Args, FromArgMatches};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    if !arguments.metrics.is_empty() || arguments.pdf {
        // Who asks for something wants to read each time why he does not get it.
        call.out.print_all_warnings();
    }
    // Who runs the small binaries only has no other step that closes hours and days. When somebody else is at work, it is he.
    if let Ok(Some(_lock)) = context.store.try_lock(Duration::ZERO)
        && let Err(error) = maintain::keep_up(&context)
    {
        context.out.warn(&format!("history is not tidied up: {error:#}"));
    }
    if !arguments.metrics.is_empty() {
        return one::draw(&context, &arguments.metrics, arguments.range.as_deref(), arguments.out.as_deref());
    }
    if let (true, Some(out)) = (arguments.pdf, &arguments.out) {
        return pdf::print(&context, arguments.range.as_deref(), out);
    }
    if arguments.out.as_deref() == Some(Path::new("-")) {
        call.out.print(render(&gathered(&context, arguments.range.as_deref())?)?.trim_end());
        return Ok(Exit::Done);
    }
    let path = page(&context, arguments.out, arguments.range.as_deref())?;
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "report": path }).to_string());
    }
    call.out.info(&path.display().to_string());
    Ok(Exit::Done)
}
