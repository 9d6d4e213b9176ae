//! `osmon status`: one line and an exit code, from the newest snapshot and state. Takes no lock and writes nothing, except
//! with `--alert`.

mod html;
mod line;

use crate::base::clock::stamp;
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view;
use crate::config::Rule;
use crate::config::rule::{Limit, Measure};
use crate::context::{Context, request};
use crate::model::exposition::perfdata::{self, Thresholds};
use crate::model::locale::Locale;
use crate::model::metric::Label;
use crate::pipeline::{dead_man, fallback_store, heal};
use crate::query::health::{self, Recorded, seconds_between};
use anyhow::Result;
use clap::{Args, FromArgMatches};
use serde_json::json;

#[derive(Debug, Args)]
struct Arguments {
    /// Monitoring plugin output: OSMON OK - … | performance data
    #[arg(long, conflicts_with = "alert")]
    nagios: bool,
    /// An HTML fragment to embed in another page
    #[arg(long, conflicts_with_all = ["nagios", "alert"])]
    html: bool,
    /// Dead man's switch: alert once when data is stale, and once when it is fresh again (for its own crontab line)
    #[arg(long)]
    alert: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "status",
    about: "One-line health summary and exit code",
    group: Group::EveryDay,
    examples: "  osmon status                OK web-01: no problems for 3 d 2 h; measured 14 s ago\n  osmon status -q || echo trouble\n  osmon status --nagios       for Nagios, Icinga, Zabbix\n  osmon status --html         for your own page\n  osmon status --alert        dead man's switch, see contrib/cron",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::PLUGIN
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let opened = Context::open_unsaid(call, &request(call));
    if let (true, false, Err(error)) = (arguments.nagios, call.out.json, &opened) {
        // A monitoring system shows standard output only.
        call.out.print(&format!("OSMON UNKNOWN - {}", format!("{error:#}").replace('|', "/")));
    }
    let context = fallback_store::look(opened?);
    let recorded = health::read(&context);
    let (health, text) = (&recorded.health, line::text(&context, &recorded.health, Locale::En));
    let exit = health.verdict.exit();
    if arguments.alert {
        context.say_problems();
        dead_man::watch(&context, &recorded)?;
        // It alerted already; cron need not mail the same line every time.
        call.out.info(&line::line(&recorded, &text));
        return Ok(exit);
    }
    let printed = if call.out.json {
        to_json(&recorded, &text, &context)
    } else if arguments.html {
        html::fragment(&recorded, &context)
    } else if arguments.nagios {
        let snapshot = recorded.json.as_deref().filter(|_| !health.is_stale());
        let data = snapshot
            .map(|json| perfdata::write(json, &|name, labels| thresholds(&context.config.rules, name, labels)))
            .unwrap_or_default();
        let data = if data.is_empty() { data } else { format!(" | {data}") };
        let line = line::line(&recorded, &text).replacen(' ', " - ", 1).replace('|', "/");
        format!("OSMON {line}{data}")
    } else {
        let word = call.out.paint(health.verdict.style(), health.verdict.status_word());
        let line = line::line(&recorded, &text).replacen(health.verdict.status_word(), &word, 1);
        let others = undelivered(&context).into_iter().chain(suspended(&context));
        let lines = std::iter::once(line).chain(others.map(|(style, line)| call.out.paint(style, &line)));
        call.out.print(&lines.map(|line| call.out.fold("", &line)).collect::<Vec<_>>().join("\n"));
        // Those of the alerts stand on standard output.
        context.say_problems_outside("alert");
        return Ok(exit);
    };
    call.out.print(&printed);
    // The verdict comes first.
    context.say_problems();
    Ok(exit)
}

/// The limits of the first rule that watches the value of a metric. Limits of changes and forecasts do not apply.
fn thresholds(rules: &[Rule], name: &str, labels: &[Label]) -> Option<Thresholds> {
    let watches = |rule: &&Rule| rule.measure == Measure::Value && rule.metric.matches(name, labels);
    let rule = rules.iter().find(watches)?;
    let raise = |limit: Option<Limit>| limit.map(|limit| limit.raise);
    Some(Thresholds { warning: raise(rule.warning), critical: raise(rule.critical), above: rule.above })
}

/// Problems that prevent the delivery of alerts, one line each.
fn undelivered(context: &Context) -> Vec<(Style, String)> {
    let nobody = context.nobody().map(|advice| (Style::Warn, advice.to_string()));
    let style = |is_loss: bool| if is_loss { Style::Bad } else { Style::Warn };
    let problems = context.delivery_problems().into_iter();
    let problems = problems.map(|problem| (style(problem.is_loss()), format!("alerts: {}", problem.text(Locale::En))));
    nobody.into_iter().chain(problems).collect()
}

/// Reasons why no repair is made, one line each.
fn suspended(context: &Context) -> Vec<(Style, String)> {
    view::heal::suspended(&heal::suspension(context)).into_iter().map(|line| (Style::Warn, line)).collect()
}

fn to_json(recorded: &Recorded, text: &str, context: &Context) -> String {
    let health = &recorded.health;
    let plain = |lines: Vec<(Style, String)>| lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>();
    json!({
        "schema": 1, "time": stamp(health.now), "host": recorded.host, "status": health.verdict.status_word().to_lowercase(),
        "verdict": health.verdict.json_word(), "exit": health.verdict.exit() as u8, "untold": plain(undelivered(context)),
        "repairs_suspended": plain(suspended(context)),
        "text": text, "taken": health.taken.map(stamp),
        "age_seconds": health.taken.map(|taken| seconds_between(taken, health.now)), "stale": health.is_stale(),
        "incident": view::health::incidents(health, &health.open),
        "unusual": view::health::incidents(health, &health.unusual), "pending": health.pending.len(),
    })
    .to_string()
}
