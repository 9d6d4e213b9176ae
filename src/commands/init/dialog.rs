//! The questions.

use super::arguments::Arguments;
use super::found::Found;
use super::names::{self, Names};
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
        self.ask_public(answers)?;
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
            self.ask_sender(answers)?;
        }
        if answers.webhook.is_none() || (is_again && answers.to.is_empty()) {
            self.ask_webhook(answers)?;
        }
        Ok(())
    }

    /// Asks for a webhook.
    ///
    /// # Errors
    /// At the end of input.
    pub fn ask_webhook(&self, answers: &mut Answers) -> Result<()> {
        let has = self.present.config.alert.routes.iter().any(|route| route.name == "webhook");
        let default = if has || answers.webhook.is_some() { "keep" } else { "" };
        let question = "Also a webhook (URL of ntfy, Slack, Teams, Discord, …)";
        let read = |text: &str| if text == "keep" { Ok(None) } else { parse::webhook(text).map(Some) };
        let new = ask(question, default, read)?.filter(|webhook| has || !webhook.url.is_empty());
        answers.webhook = new.or(answers.webhook.take());
        Ok(())
    }

    /// Asks for sender and greeting where this host has no full name: many servers refuse `osmon@web-01`.
    fn ask_sender(&self, answers: &mut Answers) -> Result<()> {
        let full = self.found.full_name();
        let proposed = Names::proposed(answers, &full);
        let is_from = proposed.has_domain && proposed.needs_from && self.arguments.from.is_none();
        let is_helo = proposed.has_domain && proposed.needs_helo && self.arguments.helo_name.is_none();
        if is_from || is_helo {
            say(&format!("This host has no full name ({full}), which many mail servers refuse.\n"));
        }
        if is_from {
            answers.from = ask("Sender of mails, or none", &proposed.from, names::sender)?;
        }
        if is_helo && let Sending::Smtp(server) = &mut answers.sending {
            server.helo_name = ask("Name of this host for the server, or none", &proposed.helo_name, names::full)?;
        }
        Ok(())
    }

    /// Asks whether a page that is published names processes and users.
    fn ask_public(&self, answers: &mut Answers) -> Result<()> {
        if self.arguments.web.is_none() || self.arguments.public.is_some() || answers.page.is_empty() {
            return Ok(());
        }
        say(
            "Anyone who can reach the web server sees the page and index.json beside it,\nand in them names of processes and users.\n",
        );
        let read = |text: &str| match text.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("y or n".to_string()),
        };
        answers.public = ask("Leave these names out (y, n)", if answers.public { "y" } else { "n" }, read)?;
        Ok(())
    }

    fn ask_sending(&self, sending: &mut Sending, trouble: Option<&str>) -> Result<()> {
        let is_given = trouble.is_none() && (self.arguments.smtp.is_some() || self.arguments.sendmail.is_some());
        if !is_given {
            *sending = choose(sending, self.found)?;
        }
        // The server that was found needs no further answer.
        let is_relay = self.found.mail.ways().iter().any(|(_, way)| way == sending);
        let Sending::Smtp(server) = sending else { return Ok(()) };
        if !(is_given || is_relay) {
            ask_server(server, trouble.unwrap_or_default())?;
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

fn ask_server(server: &mut Server, trouble: &str) -> Result<()> {
    let shown = match server.port {
        // The port of servers that expect TLS from the first byte.
        _ if is_without_starttls(server, trouble) && !server.is_local() => format!("{}:465", server.host),
        0 => server.host.clone(),
        port => format!("{}:{port}", server.host),
    };
    let new = ask("Mail server (host or host:port)", &shown, parse::server)?;
    let is_new = (&new.host, new.port) != (&server.host, server.port);
    if is_new {
        let known = if new.host == server.host { server.clone() } else { Server::default() };
        *server = Server { host: new.host, port: new.port, security: new.security, ..known };
    }
    let choices = ["starttls", "tls", parse::NONE];
    let security = |text: &str| match choices.contains(&text) {
        true => Ok(text.to_string()),
        false => Err(format!("one of {}", choices.join(", "))),
    };
    let proposed = proposed_security(server, is_new, trouble).to_string();
    server.security = ask("Security: starttls, tls or none", &proposed, security)?;
    let user = |text: &str| Ok(if parse::is_none(text) { String::new() } else { text.to_string() });
    server.user = ask("Log in as", &server.user, user)?;
    Ok(())
}

fn is_without_starttls(server: &Server, trouble: &str) -> bool {
    server.security == "starttls" && trouble.contains("does not offer STARTTLS")
}

/// The security to propose: a server on this host seldom offers encryption, and what has just failed is not proposed again.
/// `is_new`: the server was just named.
fn proposed_security<'a>(server: &'a Server, is_new: bool, trouble: &str) -> &'a str {
    let is_usual = matches!(server.port, 465 | 587);
    match server.security.as_str() {
        security if is_new => {
            if server.is_local() && !is_usual {
                parse::NONE
            } else {
                security
            }
        }
        // A login never goes over the network in clear.
        _ if is_without_starttls(server, trouble) && (server.is_local() || server.user.is_empty()) => parse::NONE,
        "starttls" if trouble.contains("expects TLS from the first byte") => "tls",
        "tls" if trouble.contains("TLS") && !trouble.contains("certificate") => {
            if server.is_local() {
                parse::NONE
            } else {
                "starttls"
            }
        }
        security => security,
    }
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
