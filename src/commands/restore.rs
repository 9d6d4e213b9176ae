//! `osmon restore`: restores a backup. It is verified first, and the existing data directory is kept.

use crate::alert::Outbox;
use crate::archive::{Manifest, Restoring, Source, carry_over, free_name, own, unpack, verify, with_ending};
use crate::base::error_kind::ErrorKind;
use crate::base::lock::{Lock, acquire};
use crate::base::text::plural;
use crate::base::units::bytes;
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::pipeline::annotations;
use crate::store::Store;
use crate::store::restoring::real_directory;
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
    about: "Put a backup back: verified first; what was there is kept",
    group: Group::History,
    examples: "  osmon restore --check web-01.tar.gz\n  ssh backup cat web-01.tar.gz | osmon restore -\n  osmon restore web-01.tar.gz\n  osmon restore web-01.tar.gz --to /tmp/look",
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
    let (place, restored) = if arguments.check {
        (None, None)
    } else if let Some(target) = &arguments.to {
        if target.exists() {
            return Err(ErrorKind::CannotCreate(format!(
                "{} exists; name a directory that does not",
                target.display()
            ))
            .into());
        }
        if let Err(error) = unpack(&archive, target) {
            // The error that matters is the one above.
            let _ = fs::remove_dir_all(target);
            return Err(error);
        }
        (Some(target.clone()), None)
    } else {
        (Some(context.store.directory().to_path_buf()), Some(in_place(&context, &archive, &manifest)?))
    };
    let warnings = restored.iter().flat_map(|restored| &restored.warnings);
    warnings.for_each(|warning| call.out.warn(&format!("restored; {warning}")));
    let aside = restored.and_then(|restored| restored.aside);
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

/// A restored data directory.
struct Restored {
    /// The new path of the previous data directory.
    aside: Option<PathBuf>,
    /// Warnings about attributes that could not be kept.
    warnings: Vec<String>,
}

/// Unpacks next to the data directory, then exchanges the two.
fn in_place(context: &Context, archive: &Source, manifest: &Manifest) -> Result<Restored> {
    // A link to another disk stays a link.
    let current = real_directory(context.store.directory());
    let had_data = current.exists();
    let above = current.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(above).with_context(|| format!("could not make {}", above.display()))?;
    let _locks = if had_data { Some(locks(context)?) } else { None };
    let restoring = Restoring::begin(&current)?;
    let copy = restoring.copy();
    unpack(archive, &copy)?;
    annotations::queue_restored(&Store::new(copy.clone()), &manifest.host, &manifest.created, &context.now)?;
    if had_data {
        carry_over(&current, &copy)?;
    }
    let mut warnings: Vec<String> = linked(&current).collect();
    let problem = own(&current, &copy).with_context(|| format!("could not give {} its owner", copy.display()))?;
    warnings.extend(problem);
    let time = context.now.wall.format("%Y%m%dT%H%M%SZ");
    let aside = restoring.swap(&free_name(&with_ending(&current, &format!("before-restore-{time}"))))?;
    let earlier = copies(&current);
    if earlier > 1 {
        let all = with_ending(&current, "before-restore-*");
        warnings
            .push(format!("{earlier} copies of previous data take room: {}; remove those nobody needs", all.display()));
    }
    Ok(Restored { aside, warnings })
}

/// Nothing is recorded, drawn or sent while the directories are exchanged.
fn locks(context: &Context) -> Result<Vec<Lock>> {
    let directory = context.store.directory();
    let busy = |what: &str| ErrorKind::Busy(format!("{}: {what}; try again", directory.display()));
    let run = acquire(&directory.join("run.lock"), PATIENCE)
        .with_context(|| format!("could not lock {}", directory.display()))?;
    let run = run.ok_or_else(|| busy("a run is still at work"))?;
    let mut locks = vec![run, context.store.lock(PATIENCE)?];
    if directory.join("outbox").exists() {
        locks.push(Outbox::new(directory).lock(PATIENCE)?.ok_or_else(|| busy("alerts are still being sent"))?);
    }
    Ok(locks)
}

/// Directories that were links: the restored ones are in the data directory itself.
fn linked(current: &Path) -> impl Iterator<Item = String> {
    let links = fs::read_dir(current).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    links.filter_map(|entry| {
        let (path, target) = (entry.path(), entry.path().read_link().ok()?);
        Some(format!("{} was a link to {} and is now a directory", path.display(), target.display()))
    })
}

/// Number of data directories that restores have set aside.
fn copies(current: &Path) -> usize {
    let prefix = with_ending(current, "before-restore").file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = current.parent().and_then(|above| fs::read_dir(above).ok()).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).count()
}
