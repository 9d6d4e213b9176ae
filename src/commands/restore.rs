//! `osmon restore`: restores a backup. It is verified first, and the existing data directory is kept.

use crate::archive::{Manifest, Source, swap, unpack, verify};
use crate::base::error_kind::ErrorKind;
use crate::base::file::make_directory;
use crate::base::text::plural;
use crate::base::units::bytes;
use crate::cli::{Call, Command, Exit};
use crate::context::Context;
use crate::pipeline::annotations;
use crate::store::Store;
use anyhow::{Context as _, Result};
use clap::{Args, FromArgMatches};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
struct Arguments {
    /// An archive made by osmon backup; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Unpack into this directory, which must not exist, instead of the data directory
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Verify only
    #[arg(long)]
    check: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "restore",
    about: "Put a backup back: verified whole first; what was there is kept beside it",
    examples: "  osmon restore --check web-01.tar.gz\n  osmon restore web-01.tar.gz\n  osmon restore web-01.tar.gz --to /tmp/look",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open(call)?;
    let mut archive = Source::open(&arguments.file)?;
    if !arguments.check {
        archive = archive.again(arguments.to.as_deref().unwrap_or(context.store.directory()))?;
    }
    let manifest = verify(&archive)?;
    let size: u64 = manifest.file.iter().map(|member| member.bytes).sum();
    let what = format!(
        "{}, {} from {} of {}",
        plural(manifest.file.len(), "file"),
        bytes(size as f64),
        manifest.host,
        manifest.created
    );
    let (place, aside) = if arguments.check {
        (None, None)
    } else if let Some(target) = &arguments.to {
        if target.exists() {
            return Err(ErrorKind::CannotCreate(format!(
                "{} exists; name a directory that does not",
                target.display()
            ))
            .into());
        }
        unpack(&archive, target)?;
        (Some(target.clone()), None)
    } else {
        let aside = in_place(&context, &archive, &manifest)?;
        (Some(context.store.directory().to_path_buf()), aside)
    };
    if call.out.json {
        call.out.print(
            &serde_json::json!({ "schema": 1, "manifest": manifest, "restored_to": place, "previous_data": aside })
                .to_string(),
        );
    }
    call.out.info(&match (&place, &aside) {
        (None, _) => format!("{}: intact: {what}", archive.name),
        (Some(place), None) => format!("restored {what} to {}", place.display()),
        (Some(place), Some(aside)) => format!(
            "restored {what} to {}\nwhat was there is in {}; remove it when all is well",
            place.display(),
            aside.display()
        ),
    });
    Ok(Exit::Done)
}

/// Unpacks next to the data directory, then exchanges the two. Returns the new path of the previous data directory.
fn in_place(context: &Context, archive: &Source, manifest: &Manifest) -> Result<Option<PathBuf>> {
    // A link to another disk stays a link.
    let given = context.store.directory().to_path_buf();
    let current = fs::canonicalize(&given).unwrap_or(given);
    let had_data = current.exists();
    if let Some(parent) = current.parent() {
        fs::create_dir_all(parent).with_context(|| format!("could not make {}", parent.display()))?;
    }
    let _lock = if had_data { Some(context.store.lock(PATIENCE)?) } else { None };
    let name = current.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let time = context.now.wall.format("%Y%m%dT%H%M%SZ");
    let new = current.with_file_name(format!("{name}.restoring-{}", std::process::id()));
    let aside = free_name(&current.with_file_name(format!("{name}.before-restore-{time}")));
    let marked =
        || annotations::queue_restored(&Store::new(new.clone()), &manifest.host, &manifest.created, &context.now);
    let result = unpack(archive, &new).and_then(|()| marked()).and_then(|()| swap(&new, &current, &aside));
    if result.is_err() && new.join("lock").symlink_metadata().is_err() {
        // Not swapped: the directory is only a copy of the archive.
        let _ = fs::remove_dir_all(&new);
    }
    result?;
    if had_data {
        keep_waiting_alerts(&aside, &current)?;
    }
    Ok(had_data.then_some(aside))
}

/// Queued alerts are not part of the history: they stay queued.
fn keep_waiting_alerts(aside: &Path, current: &Path) -> Result<()> {
    let (from, to) = (aside.join("outbox/new"), current.join("outbox/new"));
    let entries = fs::read_dir(&from).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        let target = to.join(entry.file_name());
        make_directory(&to)
            .and_then(|()| fs::copy(entry.path(), &target))
            .with_context(|| format!("restored, but the waiting alert {} could not be kept", entry.path().display()))?;
    }
    Ok(())
}

fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let others = (2..).map(|number| path.with_file_name(format!("{name}-{number}")));
    std::iter::once(path.to_path_buf()).chain(others).find(|path| !path.exists()).unwrap_or_else(|| path.to_path_buf())
}
