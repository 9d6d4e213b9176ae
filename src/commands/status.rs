//! `osmon status`: one line and an exit code, from what was judged last. Takes no lock and writes nothing, but for `--alert`.

mod html;
mod perfdata;

use crate::base::clock::stamp;
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit};
use crate::context::Context;
use crate::pipeline::fallback_store;
use crate::query::status::{Status, judge, seconds, word};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use serde_json::json;

#[derive(Debug, Args)]
struct Arguments {
    /// As monitoring plugins print it: OSMON OK - … | performance data
    #[arg(long, conflicts_with = "alert")]
    nagios: bool,
    /// A fragment of HTML, to be put into another page
    #[arg(long, conflicts_with_all = ["nagios", "alert"])]
    html: bool,
    /// Tell people once when the data is stale, and when it is fresh again (for a crontab line of its own)
    #[arg(long)]
    alert: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "status",
    about: "How this host is: one line and an exit code; stale data is UNKNOWN",
    examples: "  osmon status                OK web-01: all well for 3 d 2 h, 14 s ago\n  osmon status -q || echo trouble\n  osmon status --nagios       for Nagios, Icinga, Zabbix\n  osmon status --html         for a page of your own\n  osmon status --alert        dead man's switch, see contrib/cron",
    arguments: Arguments::augment_args,
    run,
    exits: &[Exit::Done, Exit::Warning, Exit::Critical, Exit::Unknown],
    failure: Some(Exit::Unknown),
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = fallback_store::look(Context::open(call)?);
    let status = judge(&context);
    if arguments.alert {
        crate::pipeline::dead_man::watch(&context, &status)?;
        // It told people itself; cron need not mail the same line every time.
        call.out.info(&line(&status));
        return Ok(status.exit);
    }
    let text = if call.out.json {
        to_json(&status, &context)
    } else if arguments.html {
        html::fragment(&status, &context.config.report.language, context.now.wall)
    } else if arguments.nagios {
        let text = line(&status).replacen(' ', " - ", 1).replace('|', "/");
        let data = status
            .snapshot
            .as_deref()
            .filter(|_| !status.is_stale)
            .map(|json| perfdata::of(json, &context.config.rules));
        let data = data.filter(|data| !data.is_empty()).map(|data| format!(" | {data}")).unwrap_or_default();
        format!("OSMON {text}{data}")
    } else {
        std::iter::once(line(&status)).chain(untold(&context)).collect::<Vec<_>>().join("\n")
    };
    call.out.print(&text);
    Ok(status.exit)
}

/// What keeps people from being told, a line each.
fn untold(context: &Context) -> Vec<String> {
    let nobody = context.nobody().map(|advice| context.out.paint(Style::Warn, advice));
    let troubles = context.delivery_problems().into_iter();
    let style = |is_loss: bool| if is_loss { Style::Bad } else { Style::Warn };
    let said = troubles.map(|trouble| context.out.paint(style(trouble.is_loss), &format!("alerts: {}", trouble.text)));
    nobody.into_iter().chain(said).collect()
}

fn line(status: &Status) -> String {
    format!("{} {}: {}", word(status.exit), status.host, status.text)
}

fn to_json(status: &Status, context: &Context) -> String {
    let open = status.open.iter().map(|incident| {
        json!({
            "id": incident.id, "severity": incident.severity, "title": incident.title, "metric": incident.metric,
            "value": incident.value, "limit": incident.limit, "since": stamp(incident.since), "recovering": incident.recovering,
        })
    });
    json!({
        "schema": 1, "time": stamp(context.now.wall), "host": status.host, "status": word(status.exit).to_lowercase(),
        "exit": status.exit as u8, "untold": untold(context), "text": status.text, "taken": status.taken.map(stamp),
        "age_seconds": status.taken.map(|taken| seconds(taken, context.now.wall)), "stale": status.is_stale, "incident": open.collect::<Vec<_>>(),
    })
    .to_string()
}
