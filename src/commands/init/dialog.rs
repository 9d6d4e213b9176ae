//! The questions.

use super::arguments::Arguments;
use super::found::Found;
use super::parse;
use super::present::Present;
use super::proposal::has_secret;
use super::terminal::{ask, ask_secret, say};
use super::trial::Tried;
use crate::config::Alert;
use crate::setup::answers::{Answers, Sending, Server};
use anyhow::Result;

/// The step after a test message.
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
    /// The step where nobody can be asked. `is_worse`: the new configuration reaches nobody, and would replace one with
    /// recipients.
    pub fn unasked(is_worse: bool) -> Self {
        if is_worse { Self::Stop } else { Self::Go }
    }
}

/// The questions of one set-up.
pub struct Dialog<'a> {
    /// The flags; what they answer is not asked.
    pub arguments: &'a Arguments,
    /// The present configuration.
    pub present: &'a Present,
    /// The host.
    pub found: &'a Found,
}

impl Dialog<'_> {
    /// Asks everything that no flag has answered.
    ///
    /// # Errors
    /// At the end of input.
    pub fn ask_all(&self, answers: &mut Answers) -> Result<()> {
        self.ask_channels(answers, None)?;
        if self.arguments.watch.is_none() {
            let with_found = self.found.services.beside(&answers.watch);
            let read = |text: &str| {
                let names = if text == "auto" { with_found.clone() } else { parse::services(text) };
                let is_kept = names == answers.watch;
                if is_kept { Ok(names) } else { self.found.check_services(&names).map(|()| names) }
            };
            let watch = ask("Services that must run", &answers.watch.join(", "), read)?;
            answers.watch = watch;
        }
        if self.arguments.daily_status.is_none() {
            answers.daily_status = ask("Daily status mail at, or none", &answers.daily_status, parse::time)?;
        }
        if self.arguments.ping_url.is_none() {
            let question = "URL to request each minute (healthchecks, Uptime Kuma, …)";
            answers.ping_url = ask(question, &answers.ping_url, parse::url)?;
        }
        say("\n");
        Ok(())
    }

    /// Asks who is notified and how. `trouble`: the reason why a test failed; then flags are asked for again, too.
    ///
    /// # Errors
    /// At the end of input.
    pub fn ask_channels(&self, answers: &mut Answers, trouble: Option<&str>) -> Result<()> {
        let is_again = trouble.is_some();
        if is_again || self.arguments.to.is_none() {
            let default = answers.to.join(", ");
            answers.to = ask("Mail addresses for alerts, or none", &default, parse::addresses)?;
        }
        if !answers.to.is_empty() {
            self.ask_sending(&mut answers.sending, trouble)?;
        }
        if answers.webhook.is_none() || (is_again && answers.to.is_empty()) {
            let has = self.present.config.alert.routes.iter().any(|route| route.name == "webhook");
            let default = if has || answers.webhook.is_some() { "keep" } else { "" };
            let question = "Also a webhook (URL of ntfy, Slack, Teams, Discord, …)";
            let read = |text: &str| if text == "keep" { Ok(None) } else { parse::webhook(text).map(Some) };
            let new = ask(question, default, read)?.filter(|webhook| has || !webhook.url.is_empty());
            answers.webhook = new.or(answers.webhook.take());
        }
        Ok(())
    }

    fn ask_sending(&self, sending: &mut Sending, trouble: Option<&str>) -> Result<()> {
        let is_given = trouble.is_none() && (self.arguments.smtp.is_some() || self.arguments.sendmail.is_some());
        if !is_given {
            *sending = choose(sending, self.found)?;
        }
        let Sending::Smtp(server) = sending else { return Ok(()) };
        let is_relay = server.is_local() && server.security == parse::NONE;
        if !(is_given || is_relay) {
            ask_server(server)?;
        }
        let present = &self.present.config.alert;
        if !server.user.is_empty() && (!is_given || !has_secret(server, present)) {
            ask_password(server, present)?;
        }
        if trouble.is_some_and(|trouble| trouble.contains("certificate")) {
            server.ca_file = ask("File with a certificate to trust", &server.ca_file, parse::file)?;
        }
        Ok(())
    }
}

fn ask_server(server: &mut Server) -> Result<()> {
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
    Ok(())
}

fn ask_password(server: &mut Server, present: &Alert) -> Result<()> {
    loop {
        let is_known = has_secret(server, present);
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

/// Asks which way to send mail is to be used; does not ask where there is only one.
fn choose(proposed: &Sending, found: &Found) -> Result<Sending> {
    let mut ways = found.mail.ways();
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
    if let [(_, way)] = ways.as_slice() {
        return Ok(way.clone());
    }
    say("Mails can be sent with\n");
    for (at, (name, _)) in ways.iter().enumerate() {
        say(&format!("  {}  {name}\n", at + 1));
    }
    let default = known.map_or(if matches!(proposed, Sending::Unknown) { 1 } else { ways.len() }, |at| at + 1);
    let read = |text: &str| match text.parse::<usize>().ok().and_then(|number| ways.get(number.checked_sub(1)?)) {
        Some((_, way)) => Ok(way.clone()),
        None => Err(format!("a number from 1 to {}", ways.len())),
    };
    ask("Which one", &default.to_string(), read)
}

/// Asks for the step after the test message.
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
