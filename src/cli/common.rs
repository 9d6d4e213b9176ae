//! Options common to all commands.

use crate::base::clock::parse;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// When output is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Configuration file [default: /etc/osmon/osmon.toml, or ~/.config/osmon/osmon.toml for non-root users]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Directory of history and state [default: /var/lib/osmon, or ~/.local/state/osmon for non-root users]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Print the result as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// Print nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Print into a pipe or file what a terminal would show (osmon run: each step)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_short_help = true)]
    pub color: Color,

    /// Read a recorded host: DIR/proc, DIR/sys, DIR/etc, DIR/run instead of this host's
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub root: Option<PathBuf>,

    /// Use this as the current time (RFC 3339: 2026-11-20T21:40:00Z)
    #[arg(long, global = true, value_name = "TIME", value_parser = time, hide_short_help = true)]
    pub now: Option<DateTime<Utc>>,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    parse(text).ok_or_else(|| "not a time; write for example 2026-11-20T21:40:00Z".to_string())
}
