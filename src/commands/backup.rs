//! `osmon backup`: the data directory as one verified archive.

use crate::archive::{Manifest, Source, pack, verify};
use crate::base::clock::stamp;
use crate::base::error_kind::ErrorKind;
use crate::base::text::{clean, plural};
use crate::base::units::bytes;
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use anyhow::{Context as _, Result};
use clap::{Args, FromArgMatches};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
struct Arguments {
    /// Path of the archive [default: osmon-HOST-TIME.tar.gz in the current directory]; an existing file is not replaced
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "backup",
    about: "Pack the history into a tar.gz with checksums, and verify it",
    group: Group::History,
    examples: "  osmon backup\n  osmon backup /srv/backup/web-01.tar.gz --force",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let directory = context.store.directory();
    directory.metadata().with_context(|| format!("no history to back up in {}", directory.display()))?;
    let host = context.root.host_name();
    let usual = || {
        PathBuf::from(format!(
            "osmon-{}-{}.tar.gz",
            crate::alert::domain(&host),
            context.now.wall.format("%Y%m%dT%H%M%SZ")
        ))
    };
    let is_named_here = arguments.file.is_none();
    let target =
        std::path::absolute(arguments.file.unwrap_or_else(usual)).context("could not find the present directory")?;
    if target.is_dir() {
        return Err(ErrorKind::CannotCreate(format!("{} is a directory; name a file in it", target.display())).into());
    }
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if target.parent().is_some_and(|parent| canonical(parent).starts_with(canonical(directory))) {
        return Err(ErrorKind::CannotCreate(format!(
            "{} is inside the data directory: the next backup would hold this one; put it elsewhere",
            target.display()
        ))
        .into());
    }
    if target.exists() && !arguments.force {
        return Err(ErrorKind::CannotCreate(format!("{} exists; replace it with --force", target.display())).into());
    }
    let lock = context.store.lock(PATIENCE)?;
    let manifest = Manifest {
        schema: 1,
        version: env!("CARGO_PKG_VERSION").to_string(),
        host,
        created: stamp(context.now.wall),
        file: Vec::new(),
    };
    let packed = pack(directory, &target, manifest, &mut progress(call))?;
    drop(lock);
    Source::open(&target)
        .and_then(|archive| verify(&archive))
        .context("the archive that was just written cannot be verified")?;
    let size = target.metadata().map(|meta| meta.len()).unwrap_or_default();
    let is_complete = !packed.left_out.iter().any(|entry| entry.is_needed);
    if call.out.json {
        let left_out: Vec<_> = packed
            .left_out
            .iter()
            .map(|entry| serde_json::json!({ "path": entry.path.to_string_lossy(), "reason": entry.reason, "needed": entry.is_needed }))
            .collect();
        call.out.print(&serde_json::json!({ "schema": 1, "archive": target, "files": packed.files, "bytes": packed.bytes, "archive_bytes": size, "complete": is_complete, "left_out": left_out }).to_string());
    }
    for entry in &packed.left_out {
        let path = clean(&entry.path.to_string_lossy(), 300);
        call.out.warn(&format!("not in the backup: {path} {}", entry.reason));
    }
    if is_named_here && !call.out.is_shown() && !call.out.json {
        // A script knows the name only from here.
        call.out.print(&target.display().to_string());
    }
    call.out.info(&format!(
        "{}: {}, {} in {}, verified",
        target.display(),
        plural(packed.files, "file"),
        bytes(packed.bytes as f64),
        bytes(size as f64)
    ));
    if !is_complete {
        call.out.warn(&format!("{} is not complete: see above", target.display()));
    }
    Ok(if is_complete { Exit::Done } else { Exit::BadData })
}

/// Shows progress on a terminal.
fn progress(call: &Call) -> impl FnMut(usize, usize) {
    let shown = call.out.is_shown() && std::io::stderr().is_terminal();
    move |done, all| {
        if shown && (done % 50 == 0 || done + 1 == all) {
            let end = if done + 1 == all { "\r\x1b[K" } else { "" };
            // Only decoration.
            let _ = write!(std::io::stderr(), "\rpacking {} of {all}{end}", done + 1);
        }
    }
}
