//! The questions.

use super::arguments::Arguments;
use super::found::Found;
use super::parse;
use super::present::Present;
use super::proposal::{has_secret, relay};
use super::terminal::{ask, ask_secret, say};
use super::trial::Tried;
use crate::setup::answers::{Answers, Sending, Server};
use anyhow::Result;

/// What follows a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Write the configuration.
    Go,
    /// Ask again how to send.
    AskAgain,
    /// End and change nothing.
    Stop,
}

impl Next {
    /// Where nobody can be asked: a configuration that notifies somebody is not replaced by one that notifies nobody.
    pub fn unasked(is_worse: bool) -> Self {
        if is_worse { Self::Stop } else { Self::Go }
    }
}

/// Asks everything that no flag has answered.
///
/// # Errors
/// At the end of input.
pub fn ask_all(answers: &mut Answers, arguments: &Arguments, present: &Present, found: &Found) -> Result<()> {
    ask_channels(answers, arguments, present, found, None)?;
    if arguments.watch.is_none() {
        let read = |text: &str| {
            let names = if text == "auto" { found.services.running.clone() } else { parse::services(text) };
            let is_kept = names == answers.watch;
            if is_kept { Ok(names) } else { found.check_services(&names).map(|()| names) }
        };
        let watch = ask("Services that must run", &answers.watch.join(", "), read)?;
        answers.watch = watch;
    }
    if arguments.daily_status.is_none() {
        answers.daily_status = ask("Daily status mail at, or none", &answers.daily_status, parse::time)?;
    }
    if arguments.ping_url.is_none() {
        let question = "URL to request each minute (healthchecks, Uptime Kuma, …)";
        answers.ping_url = ask(question, &answers.ping_url, parse::url)?;
    }
    say("\n");
    Ok(())
}

/// Asks who is notified and how. `trouble` is why a test failed: then also what a flag had answered.
///
/// # Errors
/// At the end of input.
pub fn ask_channels(
    answers: &mut Answers,
    arguments: &Arguments,
    present: &Present,
    found: &Found,
    trouble: Option<&str>,
) -> Result<()> {
    let is_again = trouble.is_some();
    if is_again || arguments.to.is_none() {
        let default = answers.to.join(", ");
        answers.to = ask("Mail addresses for alerts, or none", &default, parse::addresses)?;
    }
    if !answers.to.is_empty() {
        ask_sending(answers, arguments, present, found, trouble)?;
    }
    if answers.webhook.is_none() || (is_again && answers.to.is_empty()) {
        let has = present.config.alert.routes.iter().any(|route| route.name == "webhook");
        let default = if has || answers.webhook.is_some() { "keep" } else { "" };
        let question = "Also a webhook (URL of ntfy, Slack, Teams, Discord, …)";
        let read = |text: &str| if text == "keep" { Ok(None) } else { parse::webhook(text).map(Some) };
        let new = ask(question, default, read)?.filter(|webhook| has || !webhook.url.is_empty());
        answers.webhook = new.or(answers.webhook.take());
    }
    Ok(())
}

fn ask_sending(
    answers: &mut Answers,
    arguments: &Arguments,
    present: &Present,
    found: &Found,
    trouble: Option<&str>,
) -> Result<()> {
    let is_given = trouble.is_none() && (arguments.smtp.is_some() || arguments.sendmail.is_some());
    if !is_given {
        answers.sending = choose(&answers.sending, found)?;
    }
    let Sending::Smtp(server) = &mut answers.sending else { return Ok(()) };
    let is_other = !(server.is_local() && server.security == parse::NONE);
    if !is_given && is_other {
        let shown = if server.port == 0 { server.host.clone() } else { format!("{}:{}", server.host, server.port) };
        let new = ask("Mail server (host or host:port)", &shown, parse::server)?;
        if (&new.host, new.port) != (&server.host, server.port) {
            let known = if new.host == server.host { server.clone() } else { Server::default() };
            *server = Server { host: new.host, port: new.port, security: new.security, ..known };
        }
        let choices = ["starttls", "tls", parse::NONE];
        let security = |text: &str| match choices.contains(&text) {
            true => Ok(text.to_string()),
            false => Err(format!("one of {}", choices.join(", "))),
        };
        server.security = ask("Security: starttls, tls or none", &server.security, security)?;
        let user = |text: &str| Ok(if parse::is_none(text) { String::new() } else { text.to_string() });
        server.user = ask("Log in as", &server.user, user)?;
    }
    if !server.user.is_empty() && (!is_given || !has_secret(server, &present.config.alert)) {
        ask_password(server, present)?;
    }
    if trouble.is_some_and(|trouble| trouble.contains("certificate")) {
        server.ca_file = ask("File with a certificate to trust", &server.ca_file, parse::file)?;
    }
    Ok(())
}

fn ask_password(server: &mut Server, present: &Present) -> Result<()> {
    loop {
        let is_known = has_secret(server, &present.config.alert);
        let keep = if is_known { " [keep]" } else { "" };
        let password = ask_secret(&format!("Password of {} (not shown){keep}", server.user))?;
        if !password.is_empty() {
            server.password = Some(password);
        }
        if is_known || server.password.is_some() {
            return Ok(());
        }
    }
}

/// Lets one of the ways to send be chosen.
fn choose(proposed: &Sending, found: &Found) -> Result<Sending> {
    let mail = &found.mail;
    let mut ways: Vec<(String, Sending)> = Vec::new();
    if let Some(msmtp) = mail.msmtp.as_ref()
        && let Some(config) = &msmtp.config
    {
        ways.push((format!("msmtp ({})", config.display()), Sending::Program(msmtp.program.clone())));
    }
    if mail.is_relay {
        ways.push(("the mail server on this host (localhost:25)".to_string(), Sending::Smtp(relay())));
    }
    if let Some(sendmail) = &mail.sendmail {
        ways.push((sendmail.clone(), Sending::Program(sendmail.clone())));
    }
    let known = ways.iter().position(|(_, way)| way == proposed);
    if known.is_none()
        && let Sending::Program(program) = proposed
    {
        ways.push((program.clone(), proposed.clone()));
    }
    let other = match proposed {
        Sending::Smtp(server) if known.is_none() => server.clone(),
        _ => Server { security: "starttls".to_string(), ..Server::default() },
    };
    ways.push(("an SMTP server".to_string(), Sending::Smtp(other)));
    if ways.len() > 1 {
        say("Mails can be sent with\n");
        for (at, (name, _)) in ways.iter().enumerate() {
            say(&format!("  {}  {name}\n", at + 1));
        }
    }
    let default = known.map_or(if matches!(proposed, Sending::Unknown) { 1 } else { ways.len() }, |at| at + 1);
    let read = |text: &str| match text.parse::<usize>().ok().and_then(|number| ways.get(number.checked_sub(1)?)) {
        Some((_, way)) => Ok(way.clone()),
        None => Err(format!("a number from 1 to {}", ways.len())),
    };
    if ways.len() == 1 { read("1").map_err(anyhow::Error::msg) } else { ask("Which one", &default.to_string(), read) }
}

/// Asks what is to follow the test.
///
/// # Errors
/// At the end of input.
pub fn after_test(tried: &Tried) -> Result<Next> {
    if tried.is_accepted() {
        let read = |text: &str| match text.to_lowercase().as_str() {
            "y" | "yes" | "later" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("y, n, or Enter to look later".to_string()),
        };
        if ask("Accepted is not yet delivered. Did it arrive (y, n)", "later", read)? {
            return Ok(Next::Go);
        }
        say("Look into the spam folder, and into the log and queue of the mail server (mailq).\n");
    }
    let read = |text: &str| match text.to_lowercase().as_str() {
        "c" | "change" => Ok(Next::AskAgain),
        "k" | "keep" => Ok(Next::Go),
        "q" | "quit" => Ok(Next::Stop),
        _ => Err("change, keep or quit".to_string()),
    };
    ask("Change the answers, keep them all the same, or quit", "change", read)
}
