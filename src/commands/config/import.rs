//! `osmon config import`: takes over the configuration of other systems.

use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::cli::{Call, Exit};
use crate::setup::config_file::give_to_group_of_directory;
use crate::setup::import::{Imported, Input, Kind, import};
use anyhow::{Context as _, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// Mode of a file with a secret.
const SECRET_MODE: u32 = 0o600;
/// Mode of the configuration.
const CONFIG_MODE: u32 = 0o640;
/// Bytes that are read of a file; one with more is refused.
const READ_MAX: u64 = (1 << 20) + 1;

/// The arguments.
#[derive(Debug, Args)]
pub struct Import {
    /// Files of other systems; their format is recognised
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Their format, if it is not recognised
    #[arg(long, value_enum, value_name = "KIND")]
    from: Option<Kind>,
    /// Write the configuration here, and secrets into files beside it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

/// Runs it.
///
/// # Errors
/// A file cannot be read or is of no known format, or the result cannot be written.
pub fn run(call: &Call, arguments: &Import) -> Result<Exit> {
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        let content = read_at_most(path, READ_MAX).with_context(|| format!("could not read {name}"))?;
        Ok((name, content))
    };
    let files = arguments.files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<Input> = files.iter().map(|(name, content)| Input { name, content }).collect();
    let output = arguments.output.as_deref().map(std::path::absolute).transpose()?;
    let directory = output.as_deref().and_then(Path::parent).unwrap_or(Path::new("/etc/osmon"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let imported = import(&inputs, arguments.from, directory, cores).map_err(ErrorKind::BadData)?;
    if let Some(output) = &output {
        write(&imported, output, arguments.force)?;
    }
    say(call, &imported, output.as_deref());
    Ok(Exit::Done)
}

fn write(imported: &Imported, output: &Path, force: bool) -> Result<()> {
    let files = imported.secrets.iter().map(|secret| secret.path.as_path()).chain([output]);
    if let Some(known) = files.into_iter().find(|path| path.symlink_metadata().is_ok()).filter(|_| !force) {
        return Err(ErrorKind::CannotCreate(format!("{} exists; replace it with --force", known.display())).into());
    }
    for secret in &imported.secrets {
        replace(&secret.path, format!("{}\n", secret.content).as_bytes(), SECRET_MODE)
            .with_context(|| format!("could not write {}", secret.path.display()))?;
    }
    let is_new = !output.exists();
    replace(output, imported.text.as_bytes(), CONFIG_MODE)
        .with_context(|| format!("could not write {}", output.display()))?;
    if is_new { give_to_group_of_directory(output) } else { Ok(()) }
}

/// Says what could not be taken over, and prints the configuration unless it was written.
fn say(call: &Call, imported: &Imported, output: Option<&Path>) {
    for note in &imported.notes {
        call.out.warn(&note.to_string());
    }
    for secret in &imported.secrets {
        let path = secret.path.display();
        match output {
            Some(_) => call.out.info(&format!("{}: the secret is in {path}", secret.place)),
            None => call.out.warn(&format!(
                "{}: a secret, which is not shown: write it into {path} (mode 600), or use --output",
                secret.place
            )),
        }
    }
    if call.out.json {
        let notes = imported.notes.iter().map(|note| {
            let (file, line) = note.place.rsplit_once(':').unwrap_or((&note.place, ""));
            serde_json::json!({ "file": file, "line": line.parse::<u64>().ok(), "key": note.key, "message": note.message })
        });
        let secrets = imported.secrets.iter().map(|secret| secret.path.display().to_string());
        let (notes, secrets): (Vec<_>, Vec<_>) = (notes.collect(), secrets.collect());
        let result = serde_json::json!({ "schema": 1, "output": output, "text": imported.text, "note": notes, "secret": secrets });
        return call.out.print(&result.to_string());
    }
    match output {
        None => call.out.print(imported.text.trim_end()),
        Some(output) => call.out.info(&format!(
            "{} written; check it: osmon config check --config {}",
            output.display(),
            output.display()
        )),
    }
}
