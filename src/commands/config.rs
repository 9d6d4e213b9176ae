//! `osmon config`: checks, shows and imports the configuration.

mod import;

use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit};
use crate::config::ConfigIssue;
use crate::config::load::{Examined, Loaded, examine, load};
use crate::config::schema::DEFAULT;
use crate::context::{access, request};
use crate::model::incident::Severity;
use anyhow::Result;
use clap::{Args, FromArgMatches, Subcommand};

#[derive(Debug, Args)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Report everything that is wrong, with file, line and column
    Check,
    /// Print every setting in use and where it comes from
    Show {
        /// Print the documented default configuration instead
        #[arg(long)]
        default: bool,
    },
    /// Make a configuration from those of other systems: monit, munin, msmtp, .env, config.cfg
    Import(import::Import),
}

/// The command.
pub const COMMAND: Command = Command {
    name: "config",
    about: "Check, show or import the configuration",
    examples: "  osmon config check\n  osmon config show | grep alert\n  osmon config show --default > /etc/osmon/osmon.toml\n  osmon config import /etc/monit/monitrc /etc/msmtprc --output /etc/osmon/osmon.toml",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let action = Arguments::from_arg_matches(&call.matches)?.action;
    if matches!(action, Action::Show { default: true }) {
        call.out.print(DEFAULT.trim_end());
        return Ok(Exit::Done);
    }
    if let Action::Import(arguments) = &action {
        return import::run(call, arguments);
    }
    access::configuration(&request(call).source)?;
    match action {
        Action::Show { .. } => {
            let loaded = load(&request(call)).map_err(|issues| report(call, &issues))?;
            call.out.print(&show(&loaded, call.out.json));
            Ok(Exit::Done)
        }
        Action::Check | Action::Import(_) => check(call, &examine(&request(call))),
    }
}

/// Reports everything that is wrong or doubtful.
fn check(call: &Call, examined: &Examined) -> Result<Exit> {
    if call.out.json {
        let as_json = |issue: &ConfigIssue, severity| {
            let (line, column) = issue.position.unzip();
            serde_json::json!({
                "severity": severity, "file": issue.file(), "line": line, "column": column, "variable": issue.variable(),
                "key": issue.path.join("."), "message": issue.message, "meant": issue.meant,
            })
        };
        let errors = examined.errors.iter().map(|issue| as_json(issue, "error"));
        let problems: Vec<_> = errors.chain(examined.warnings.iter().map(|issue| as_json(issue, "warning"))).collect();
        let warnings: Vec<String> = examined.warnings.iter().map(ToString::to_string).collect();
        call.out.print(&serde_json::json!({ "schema": 1, "problem": problems, "warning": warnings }).to_string());
        return Ok(if examined.errors.is_empty() { Exit::Done } else { Exit::Configuration });
    }
    for warning in &examined.warnings {
        call.out.warn(&format!("warning: {warning}"));
    }
    let Some(loaded) = &examined.loaded else { return Err(report(call, &examined.errors)) };
    if loaded.config.alert.notified_from() == Some(Severity::Critical) {
        call.out.info("nobody is notified of warnings: each channel has min_severity = \"critical\"");
    }
    call.out.info(&match &loaded.file {
        Some((path, _)) => format!("{}: OK", path.display()),
        None => {
            format!("no file ({} does not exist): the defaults are used", request(call).source.usual_file().display())
        }
    });
    Ok(Exit::Done)
}

/// Reports every issue but the last, which becomes the error that ends the command.
fn report(call: &Call, issues: &[ConfigIssue]) -> anyhow::Error {
    let (last, rest) = issues.split_last().map_or((String::new(), issues), |(last, rest)| (last.to_string(), rest));
    for issue in rest {
        call.out.warn(&issue.to_string());
    }
    ErrorKind::Configuration(last).into()
}

fn show(loaded: &Loaded, json: bool) -> String {
    if json {
        let values = loaded
            .values()
            .into_iter()
            .map(|(path, value, place)| serde_json::json!({ "key": path.join("."), "value": value, "from": place }));
        return serde_json::json!({ "schema": 1, "data_dir": loaded.config.data_dir, "setting": values.collect::<Vec<_>>() }).to_string();
    }
    let lines = loaded.values().into_iter().map(|(path, value, place)| {
        let value = if path.as_slice() == ["data_dir"] {
            toml::Value::String(loaded.config.data_dir.display().to_string())
        } else {
            value.clone()
        };
        let setting = format!("{} = {value}", path.join("."));
        if place == "default" { setting } else { format!("{setting:<50}  # {place}") }
    });
    lines.collect::<Vec<_>>().join("\n")
}
