//! `osmon uninstall`: removes what was installed without a package.

mod question;
mod shown;

use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit};
use crate::commands::view;
use crate::config::load::load;
use crate::context::request;
use crate::setup::removal::{Data, Installed, Plan, is_of_package, remove};
use crate::setup::schedule::{Host, find_own};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use nix::unistd::{AccessFlags, access};
use std::path::{Path, PathBuf};

/// First user number that belongs to a person; those of the system are below it.
const FIRST_PERSON: u32 = 1000;

#[derive(Debug, Args)]
struct Arguments {
    /// Keep history, page and configuration
    #[arg(long, conflicts_with = "purge")]
    keep_data: bool,
    /// Remove history, page and configuration too
    #[arg(long)]
    purge: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show what would be removed, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "uninstall",
    about: "Remove osmon from this host; asks about the history",
    examples: "  osmon uninstall --dry-run            what there is of it\n  osmon uninstall                      asks first\n  osmon uninstall --keep-data --yes    history and configuration stay\n  apt purge osmon                      where it was installed as a package",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    if call.common.root.is_some() {
        return Err(ErrorKind::Usage("a recorded host (--root) has no osmon to remove".to_string()).into());
    }
    let host = view::schedule::host(call);
    let is_of_package = is_of_package(&host.base, Path::new(&host.program));
    if is_of_package && host.user.is_none() {
        let advice = "apt purge osmon removes it with history and configuration, apt remove osmon keeps those";
        return Err(ErrorKind::Usage(format!("osmon was installed as a package: {advice}")).into());
    }
    let plan = plan(call, &host, is_of_package)?;
    if arguments.dry_run {
        shown::plan(call, &plan);
        return Ok(Exit::Done);
    }
    let with_data = question::with_data(call, &arguments.answers(), &plan, || shown::plan(call, &plan))?;
    let Some(with_data) = with_data else {
        call.out.print("nothing was removed");
        return Ok(Exit::Done);
    };
    let failed = remove(&host, &plan, with_data)?;
    shown::done(call, &plan, with_data, &failed);
    for failed in &failed {
        call.out.warn(&format!("could not remove {failed}"));
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Io })
}

impl Arguments {
    fn answers(&self) -> question::Answers {
        let with_data = if self.purge { Some(true) } else { self.keep_data.then_some(false) };
        question::Answers { with_data, sure: self.yes }
    }
}

fn plan(call: &Call, host: &Host, is_of_package: bool) -> Result<Plan> {
    let request = request(call);
    let text = request.source.read().ok().flatten().map(|(_, text)| text);
    let data_directory = request.source.data_dir(text.as_deref());
    let mut data = Data::of(&data_directory);
    // A broken configuration names no page that can be found.
    let page = load(&request).map(|loaded| PathBuf::from(&loaded.config.report.path)).unwrap_or_default();
    if page.is_absolute() && page.is_file() && !page.starts_with(&data_directory) {
        data.removed.push(page);
    }
    let usual = request.source.usual_file();
    data.removed.extend(usual.parent().filter(|directory| directory.is_dir()).map(Path::to_path_buf));
    if request.source.path() != usual {
        data.kept.push(format!("{}: a configuration that you named", request.source.path().display()));
    }
    let program = std::env::current_exe()?;
    let foreign_program = whose(host, &program, is_of_package).map(|owner| format!("{}: {owner}", program.display()));
    let installed = if foreign_program.is_some() { Installed::default() } else { Installed::of(&program) };
    let memory = match host.user {
        None => Some(host.path("run")),
        Some(_) => std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()),
    };
    Ok(Plan {
        schedule: find_own(host)?,
        installed,
        memory: memory.map(|memory| memory.join("osmon")).filter(|path| path.is_dir()),
        data_directory,
        data,
        has_account: host.user.is_none() && has_account(host),
        foreign_program,
    })
}

/// The reason why this user does not remove a program; `None`: it is removed.
fn whose(host: &Host, program: &Path, is_of_package: bool) -> Option<&'static str> {
    if is_of_package {
        return Some("it belongs to the package osmon (root: apt purge osmon)");
    }
    let is_shut = || program.parent().is_some_and(|directory| access(directory, AccessFlags::W_OK).is_err());
    (host.user.is_some() && is_shut()).then_some("you may not remove it")
}

/// Returns whether `osmon` is a user of the system; a person of that name does not count.
fn has_account(host: &Host) -> bool {
    let text = std::fs::read_to_string(host.path("etc/passwd")).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("osmon:")?.split(':').nth(1)?.parse::<u32>().ok());
    lines.any(|number| number < FIRST_PERSON)
}
