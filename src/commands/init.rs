//! `osmon init`: from an installed program to a watched host in a minute.

mod arguments;
mod dialog;
mod empty;
mod finish;
mod found;
mod names;
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
use crate::setup::answers::{Answers, Sending};
use crate::setup::config_file::{Draft, draft};
use anyhow::Result;
use arguments::Arguments;
use clap::{Args, FromArgMatches};
use dialog::{Dialog, Next};
use found::Found;
use names::Names;
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
    let tried = loop {
        let draft = drafted(&answers, &present)?;
        let config = match checked(&present, &draft) {
            Ok(config) => config,
            Err(issues) if is_asking => {
                let why = issues.iter().map(|issue| issue.message.clone()).collect::<Vec<_>>().join("; ");
                say(&format!("{why}\n"));
                dialog.ask_channels(&mut answers, Some(&why))?;
                continue;
            }
            Err(issues) => {
                let issue = |issue: &ConfigIssue| format!("{}: {}", issue.path.join("."), issue.message);
                let why = issues.iter().map(issue).collect::<Vec<_>>().join("; ");
                return Err(ErrorKind::Configuration(format!("{why}; nothing was changed")).into());
            }
        };
        if arguments.dry_run {
            return Ok(report.dry_run(&draft));
        }
        if arguments.no_test || config.alert.routes.is_empty() {
            break None;
        }
        report.retry();
        let tried = trial::send(call, &config.alert);
        report.test(&tried);
        // A webhook that did not accept the message is not saved.
        let refused = tried.webhook_trouble().filter(|_| answers.webhook.take_if(|new| !new.url.is_empty()).is_some());
        if is_asking && refused.is_some() {
            say("The webhook is not saved.\n");
            if tried.is_accepted() {
                dialog.ask_webhook(&mut answers)?;
            }
            if answers.webhook.is_some() {
                continue;
            }
        }
        let is_worse = !tried.is_accepted() && draft.changes_anything() && !present.config.alert.routes.is_empty();
        match if is_asking { dialog::after_test(&tried)? } else { Next::unasked(is_worse) } {
            Next::Go => {
                if let Some(why) = refused.as_ref().filter(|_| !is_asking) {
                    report.webhook_refused(why);
                }
                break Some(if refused.is_some() { tried.without_webhook() } else { tried });
            }
            Next::AskAgain => dialog.ask_channels(&mut answers, Some(&tried.trouble()))?,
            Next::Stop => return Ok(report.stopped(&present.path)),
        }
    };
    let draft = drafted(&answers, &present)?;
    let full = found.full_name();
    if let Some(advice) = Names::proposed(&answers, &full).advice(&full).filter(|_| !is_asking) {
        report.step("sender", &advice);
    }
    finish::apply(&arguments, &present, &draft, &answers, tried.as_ref(), report)
}

/// The configuration for the answers.
///
/// # Errors
/// The present file is not valid TOML.
fn drafted(answers: &Answers, present: &Present) -> Result<Draft, ErrorKind> {
    draft(answers, &present.config, &present.text, &present.directory())
        .map_err(|error| ErrorKind::Configuration(format!("{}: {error}", present.path.display())))
}

/// The drafted configuration, checked as `osmon config check` does.
///
/// # Errors
/// Everything that is wrong with it.
fn checked(present: &Present, draft: &Draft) -> Result<Config, Vec<ConfigIssue>> {
    load_text(&present.request, draft.text_to_try.clone()).map(|loaded| loaded.config)
}
