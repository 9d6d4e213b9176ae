//! `osmon version`: prints the version, or checks a downloaded file against its published SHA-256 sum.

mod checksum;

use crate::cli::{Call, Command, Exit};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use std::path::PathBuf;

#[derive(Debug, Args)]
struct Arguments {
    /// Compare the SHA-256 sum of an archive or package with the published one
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// The sum (64 hexadecimal digits), or the file that lists it [default: SHA256SUMS beside FILE]
    #[arg(long, value_name = "SUMS", requires = "check")]
    sums: Option<PathBuf>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "version",
    about: "Print the version, or check the sum of a downloaded package",
    examples: "  osmon version --json | jq -r .version\n  osmon version --check osmon_0.1.0_amd64.deb    SHA256SUMS lies beside it",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    if let Some(file) = &arguments.check {
        let checked = checksum::check(file, arguments.sums.as_deref())?;
        if call.out.json {
            call.out.print(&serde_json::to_string(&checked)?);
        } else {
            let listed = if checked.listed_in.is_empty() { "given" } else { checked.listed_in.as_str() };
            call.out.print(&format!("{}: the SHA-256 sum is the one {listed}", file.display()));
        }
        return Ok(Exit::Done);
    }
    let (version, target) = (env!("CARGO_PKG_VERSION"), target());
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "version": version, "target": target }).to_string());
    } else {
        call.out.print(&format!("osmon {version} ({target})"));
    }
    Ok(Exit::Done)
}

/// Architecture, system and C library: `x86_64-linux-gnu`.
fn target() -> String {
    let library = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    format!("{}-{}-{library}", std::env::consts::ARCH, std::env::consts::OS)
}
