//! `osmon graph`: writes the page, a chart of selected metrics, or the page as PDF.

mod choice;
mod one;
mod pdf;

use crate::cli::{Call, Command, Exit, Group};
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
    /// Draw only these: cpu.busy_percent, 'disk.used_percent{mount="/var*"}', "disk_io.*", or a chart of the page: "network"
    #[arg(value_name = "METRIC")]
    metrics: Vec<String>,
    /// Span of the chart: 1h, 24h, 7d, 30d, 1y or any other; for the page, the range shown first [default: 24h]
    #[arg(short, long, value_name = "SPAN")]
    range: Option<String>,
    /// Output file: .html for the page [default: [report] path, else report.html in the data directory]; .svg or .png for
    /// metrics [default: SVG to standard output]; "-": standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Light on dark: a picture for dark pages and chats (requires METRIC)
    #[arg(long, requires = "metrics")]
    dark: bool,
    /// Print the last 30 days on A4 as PDF with an installed browser (requires --out)
    #[arg(long, requires = "out", conflicts_with = "metrics")]
    pdf: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "graph",
    aliases: &["report"],
    about: "Draw the page, or a chart of chosen metrics",
    group: Group::EveryDay,
    examples: "  osmon graph\n  osmon graph --out /srv/www/web-01.html\n  osmon graph cpu.busy_percent --range 7d --out cpu.svg\n  osmon graph 'disk.used_percent{mount=\"/var\"}' --range 1y --out var.png\n  osmon graph network --dark --out network.png\n  osmon graph --pdf --out november.pdf",
    arguments: Arguments::augment_args,
    scheduled: true,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    if !arguments.metrics.is_empty() || arguments.pdf {
        // Interactive calls print every warning.
        call.out.print_all_warnings();
    }
    // With only the small binaries in the crontab, this is the step that closes hours and days. When the lock is taken,
    // its holder does it.
    if let Ok(Some(_lock)) = context.store.try_lock(Duration::ZERO)
        && let Err(error) = maintain::keep_up(&context)
    {
        context.out.warn(&format!("history maintenance failed: {error:#}"));
    }
    if !arguments.metrics.is_empty() {
        let asked = one::Asked {
            metrics: &arguments.metrics,
            range: arguments.range.as_deref(),
            out: arguments.out.as_deref(),
            is_dark: arguments.dark,
        };
        return one::draw(&context, &asked);
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
