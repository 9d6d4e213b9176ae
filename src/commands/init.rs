//! `osmon init`: from an installed program to a watched host in a minute.

mod arguments;
mod dialog;
mod empty;
mod finish;
mod found;
mod parse;
mod present;
mod proposal;
mod report;
mod terminal;
mod trial;

use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit};
use crate::config::load::load_text;
use crate::config::{Config, ConfigIssue};
use crate::setup::answers::Sending;
use crate::setup::config_file::{Draft, draft};
use anyhow::Result;
use arguments::Arguments;
use clap::{Args, FromArgMatches};
use dialog::{Dialog, Next};
use found::Found;
use present::Present;
use report::Report;
use terminal::say;

/// The command.
pub const COMMAND: Command = Command {
    name: "init",
    about: "Set osmon up: alerts, services, schedule; send a test mail",
    examples: "  osmon init                  asks, and proposes what it finds on this host\n  osmon init --yes --to you@example.org --smtp mail.example.org --user you \\\n             --password-file /root/secret\n  osmon init --yes --to you@example.org --dry-run     show the configuration",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    empty::refuse(&arguments)?;
    let present = Present::read(call)?;
    let found = Found::look(call, &arguments)
        .map_err(|why| ErrorKind::Usage(format!("--watch: {why}; nothing was changed")))?;
    let mut answers = proposal::propose(&arguments, &present, &found)?;
    let dialog = Dialog { arguments: &arguments, present: &present, found: &found };
    let is_asking = terminal::is_there() && !arguments.yes && !call.out.json;
    if is_asking {
        say(&found.heading(call, &present));
        dialog.ask_all(&mut answers)?;
    } else if let Some(missing) = proposal::missing(&arguments, &answers, &present) {
        return Err(ErrorKind::Usage(format!("{missing}; nothing was changed")).into());
    }
    if answers.to.is_empty() && arguments.smtp.is_none() && arguments.sendmail.is_none() {
        // What was found is of no use without a recipient.
        answers.sending = Sending::Unknown;
    }
    let mut report = Report::new(call, &found);
    let (draft, tried) = loop {
        let draft = draft(&answers, &present.config, &present.text, &present.directory())
            .map_err(|error| ErrorKind::Configuration(format!("{}: {error}", present.path.display())))?;
        let config = match checked(&present, &draft) {
            Ok(config) => config,
            Err(why) if is_asking => {
                say(&format!("{why}\n"));
                dialog.ask_channels(&mut answers, Some(&why))?;
                continue;
            }
            Err(why) => return Err(ErrorKind::Configuration(format!("{why}; nothing was changed")).into()),
        };
        if arguments.dry_run {
            return Ok(report.dry_run(&draft));
        }
        if arguments.no_test || config.alert.routes.is_empty() {
            break (draft, None);
        }
        report.retry();
        let tried = trial::send(call, &config.alert);
        report.test(&tried);
        let is_worse = !tried.is_accepted() && draft.changes_anything() && !present.config.alert.routes.is_empty();
        match if is_asking { dialog::after_test(&tried)? } else { Next::unasked(is_worse) } {
            Next::Go => break (draft, Some(tried)),
            Next::AskAgain => dialog.ask_channels(&mut answers, Some(&tried.trouble()))?,
            Next::Stop => return Ok(report.stopped(&present.path)),
        }
    };
    finish::apply(&arguments, &present, &draft, &answers, tried.as_ref(), report)
}

/// The drafted configuration, checked as `osmon config check` does.
///
/// # Errors
/// Everything that is wrong with it.
fn checked(present: &Present, draft: &Draft) -> Result<Config, String> {
    let issue = |issue: &ConfigIssue| format!("{}: {}", issue.path.join("."), issue.message);
    let loaded = load_text(&present.request, draft.text_to_try.clone());
    loaded.map(|loaded| loaded.config).map_err(|issues| issues.iter().map(issue).collect::<Vec<_>>().join("; "))
}
