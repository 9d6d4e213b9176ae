//! `osmon config`: is the configuration right, and what is in force?

use crate::base::error_kind::ErrorKind;
use crate::cli::{Call, Command, Exit};
use crate::config::ConfigIssue;
use crate::config::load::{Loaded, load};
use crate::config::schema::DEFAULT;
use crate::context::request;
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
    /// Say everything that is wrong with it, each with file, line and column
    Check,
    /// Print what is in force, and where each value comes from
    Show {
        /// Print the documented default configuration instead
        #[arg(long)]
        default: bool,
    },
}

/// The command.
pub const COMMAND: Command = Command {
    name: "config",
    about: "Check the configuration, or show what is in force",
    examples: "  osmon config check\n  osmon config show | grep alert\n  osmon config show --default > /etc/osmon/osmon.toml",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let request = request(call);
    match Arguments::from_arg_matches(&call.matches)?.action {
        Action::Show { default: true } => call.out.print(DEFAULT.trim_end()),
        Action::Show { default: false } => match load(&request) {
            Ok(loaded) => call.out.print(&show(&loaded, call.out.json)),
            Err(issues) => return Err(report(call, &issues)),
        },
        Action::Check => match load(&request) {
            Ok(loaded) => {
                let warnings = loaded.warnings();
                for warning in &warnings {
                    call.out.warn(&format!("warning: {warning}"));
                }
                let place = loaded.file.map_or_else(
                    || {
                        format!(
                            "no file ({} does not exist): the default is in force",
                            request.source.usual_file().display()
                        )
                    },
                    |(path, _)| format!("{}: all right", path.display()),
                );
                if call.out.json {
                    call.out.print(&serde_json::json!({ "schema": 1, "problem": [], "warning": warnings.iter().map(ToString::to_string).collect::<Vec<_>>() }).to_string());
                } else {
                    if loaded.config.alert.told_from() == Some(Severity::Critical) {
                        call.out.info("nobody is told of warnings: each way to people has min_severity = \"critical\"");
                    }
                    call.out.info(&place);
                }
            }
            Err(issues) => return Err(report(call, &issues)),
        },
    }
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
