//! Proposes an answer to each question: from its flag, else the present configuration, else what was found.

use super::arguments::Arguments;
use super::found::Found;
use super::parse;
use super::present::Present;
use crate::base::error_kind::ErrorKind;
use crate::config::{Alert, MailTransport, Secret};
use crate::setup::answers::{Answers, Sending, Server};
use anyhow::Result;
use std::path::Path;

/// Time of the daily status mail that is proposed.
const DAILY: &str = "08:00";
/// The page below the root of a web server.
const PAGE: &str = "osmon/index.html";

/// Proposes every answer.
///
/// # Errors
/// A flag has a wrong value.
pub fn propose(arguments: &Arguments, present: &Present, found: &Found) -> Result<Answers> {
    let (config, alert) = (&present.config, &present.config.alert);
    let first = |found: Vec<String>, present: &[String], is_new: bool| if is_new { found } else { present.to_vec() };
    let alias = found.mail.root_alias.clone().into_iter().collect();
    let mut answers = Answers {
        to: first(alias, &alert.to, present.is_new),
        from: alert.from.clone(),
        sending: sending(present, found),
        webhook: None,
        watch: first(found.services.running.clone(), &config.probe.services, present.is_new),
        daily_status: if present.is_new { DAILY.to_string() } else { alert.sign_of_life.clone() },
        ping_url: alert.ping_url.clone(),
        page: config.report.path.clone(),
        public: config.report.public,
        language: arguments.language.clone().unwrap_or_else(|| alert.language.clone()),
        data_dir: present.data_dir.clone(),
    };
    let wrong =
        |flag: &'static str| move |why: String| anyhow::Error::from(ErrorKind::Usage(format!("--{flag}: {why}")));
    if let Some(to) = &arguments.to {
        answers.to = parse::addresses(to).map_err(wrong("to"))?;
    }
    if let Some(from) = &arguments.from {
        answers.from = named(from);
    }
    if let Some(smtp) = &arguments.smtp {
        let new = parse::server(smtp).map_err(wrong("smtp"))?;
        answers.sending = Sending::Smtp(match present_server(alert) {
            Some(known) if known.host == new.host => Server { port: new.port, security: new.security, ..known },
            _ => new,
        });
    }
    if let Some(program) = &arguments.sendmail {
        answers.sending = Sending::Program(program_for(program, found).map_err(wrong("sendmail"))?);
    }
    match (&mut answers.sending, of_server(arguments)) {
        (Sending::Smtp(server), _) => complete(server, arguments)?,
        (_, Some(flag)) => return Err(usage(flag, "it belongs to a mail server; give --smtp HOST[:PORT] too")),
        (_, None) => {}
    }
    let variable = std::env::var("OSMON_ALERT_WEBHOOK").ok().filter(|url| !url.is_empty());
    if let Some(webhook) = arguments.webhook.as_ref().or(variable.as_ref()) {
        answers.webhook = Some(parse::webhook(webhook).map_err(wrong("webhook"))?);
    }
    match arguments.watch.as_deref() {
        Some("auto") => answers.watch = found.services.beside(&config.probe.services),
        Some(watch) => answers.watch = parse::services(watch),
        None => {}
    }
    if let Some(time) = &arguments.daily_status {
        answers.daily_status = parse::time(time).map_err(wrong("daily-status"))?;
    }
    if let Some(url) = &arguments.ping_url {
        answers.ping_url = parse::url(url).map_err(wrong("ping-url"))?;
    }
    if let Some(web) = &arguments.web {
        answers.page = page(web, found).map_err(wrong("web"))?;
        // A page that strangers may see from now on names nobody, unless that is asked for.
        answers.public |= !answers.page.is_empty() && answers.page != config.report.path;
    }
    if let Some(public) = &arguments.public {
        answers.public = public == "yes";
    }
    Ok(answers)
}

/// The first given flag that describes a mail server.
fn of_server(arguments: &Arguments) -> Option<&'static str> {
    let given = [
        ("security", arguments.security.is_some()),
        ("user", arguments.user.is_some()),
        ("password-file", arguments.password_file.is_some()),
        ("ca-file", arguments.ca_file.is_some()),
        ("helo-name", arguments.helo_name.is_some()),
    ];
    given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
}

/// An answer; empty where it is the word for nothing.
fn named(text: &str) -> String {
    if parse::is_none(text) { String::new() } else { text.to_string() }
}

fn usage(flag: &str, why: &str) -> anyhow::Error {
    ErrorKind::Usage(format!("--{flag}: {why}; nothing was changed")).into()
}

/// How mails are sent now; without a configuration of it, the best way that was found.
fn sending(present: &Present, found: &Found) -> Sending {
    let alert = &present.config.alert;
    let server = present_server(alert).filter(|_| alert.transport != MailTransport::Sendmail);
    if let Some(server) = server {
        return Sending::Smtp(server);
    }
    if !alert.sendmail.program.is_empty() {
        return Sending::Program(alert.sendmail.program.clone());
    }
    found.mail.ways().into_iter().next().map_or(Sending::Unknown, |(_, way)| way)
}

/// The server of the present configuration.
fn present_server(alert: &Alert) -> Option<Server> {
    let smtp = &alert.smtp;
    (!smtp.host.is_empty()).then(|| Server {
        host: smtp.host.clone(),
        port: smtp.port,
        security: smtp.security.word().to_string(),
        user: smtp.user.clone(),
        password_file: smtp.password_file.clone(),
        password: None,
        ca_file: smtp.ca_file.clone(),
        helo_name: smtp.helo_name.clone(),
    })
}

fn complete(server: &mut Server, arguments: &Arguments) -> Result<()> {
    if let Some(security) = &arguments.security {
        server.security.clone_from(security);
    }
    if let Some(user) = &arguments.user {
        server.user = named(user);
    }
    if let Some(name) = &arguments.helo_name {
        server.helo_name = named(name);
    }
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string();
    if let Some(file) = &arguments.ca_file {
        server.ca_file = parse::file(&file.display().to_string()).map_err(|why| usage("ca-file", &why))?;
    }
    if let Some(file) = &arguments.password_file {
        let secret = Secret { file: absolute(file), ..Secret::default() };
        let problem = secret.file_problem().or_else(|| secret.read().err());
        if let Some(problem) = problem {
            return Err(usage("password-file", &problem));
        }
        server.password_file = secret.file;
    } else if let Ok(password) = std::env::var("OSMON_ALERT_SMTP_PASSWORD")
        && !(password.is_empty() || server.user.is_empty())
    {
        server.password = Some(password);
    }
    Ok(())
}

fn program_for(program: &str, found: &Found) -> Result<String, String> {
    if program != "auto" {
        let is_there = Path::new(program).is_absolute() && found.base.join(program.trim_start_matches('/')).exists();
        return if is_there { Ok(program.to_string()) } else { Err(format!("there is no program {program}")) };
    }
    let msmtp = found.mail.msmtp.as_ref().map(|msmtp| msmtp.program.clone());
    msmtp.or_else(|| found.mail.sendmail.clone()).ok_or_else(|| "neither msmtp nor sendmail is installed".to_string())
}

fn page(web: &str, found: &Found) -> Result<String, String> {
    let directory = match (web, &found.web) {
        (web, _) if parse::is_none(web) => return Ok(String::new()),
        ("auto", Some(web)) => web.directory.clone(),
        ("auto", None) => return Err("no root of a web server was found; name it".to_string()),
        (web, _) => web.to_string(),
    };
    let is_there = Path::new(&directory).is_absolute() && Path::new(&directory).is_dir();
    let page = Path::new(&directory).join(PAGE).display().to_string();
    if is_there { Ok(page) } else { Err(format!("there is no directory {directory}")) }
}

/// A sentence that names the first missing answer; `None` when nothing is missing.
pub fn missing(arguments: &Arguments, answers: &Answers, present: &Present) -> Option<String> {
    let has_channel = present.config.alert.routes.iter().any(|route| route.name != "mail");
    let new_channel = answers.webhook.as_ref().map(|webhook| !webhook.url.is_empty());
    if answers.to.is_empty() && arguments.to.is_none() && !new_channel.unwrap_or(has_channel) {
        return Some(
            "--to is missing: give --to ADDRESS or --webhook URL (--to none records and notifies nobody)".to_string(),
        );
    }
    match &answers.sending {
        Sending::Unknown if !answers.to.is_empty() => Some(
            "--smtp is missing: no way to send mail was found; give --smtp HOST[:PORT] or --sendmail PROGRAM"
                .to_string(),
        ),
        Sending::Smtp(server) if !server.user.is_empty() && !has_secret(server, &present.config.alert) => {
            Some(format!("--password-file is missing: the password of {}, or OSMON_ALERT_SMTP_PASSWORD", server.user))
        }
        _ => None,
    }
}

/// Returns whether the password of a server is known.
pub fn has_secret(server: &Server, present: &Alert) -> bool {
    let is_kept = present.smtp.host == server.host && present.smtp.secret().is_set();
    server.password.is_some() || !server.password_file.is_empty() || is_kept
}
