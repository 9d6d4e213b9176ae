//! The keys that answers set, each with its value and the comment above it.

use crate::config::{Config, MailTransport};
use crate::setup::answers::{Answers, Sending, Server};
use toml_edit::{Array, Value};

/// A key that is to have a value.
#[derive(Debug)]
pub struct Wish {
    /// Path of the key.
    pub path: &'static [&'static str],
    /// Its value.
    pub value: Value,
    /// The comment above a key that is new.
    pub comment: &'static str,
}

/// The keys whose values are to differ from those of the present configuration, in the order of the sections.
pub fn wishes(answers: &Answers, present: &Config) -> Vec<Wish> {
    let mut all = Wishes(Vec::new());
    let alert = &present.alert;
    let data_dir = present.data_dir.display().to_string();
    if !answers.data_dir.is_empty() {
        all.text(&["data_dir"], &answers.data_dir, &data_dir, "Directory of history and state.");
    }
    all.list(&["alert", "to"], &answers.to, &alert.to, "Who gets mails about crises.");
    all.text(&["alert", "from"], &answers.from, &alert.from, "The sender of mails.");
    all.transport(answers, present);
    let daily = "Local time of a daily status mail. If it does not arrive, monitoring has stopped.";
    all.text(&["alert", "sign_of_life"], &answers.daily_status, &alert.sign_of_life, daily);
    let ping = "Requested after each run: the service behind it alerts when this host has gone silent.";
    all.text(&["alert", "ping_url"], &answers.ping_url, &alert.ping_url, ping);
    all.text(&["alert", "language"], &answers.language, &alert.language, "Language of mails.");
    match &answers.sending {
        Sending::Smtp(server) => all.smtp(server, present),
        Sending::Program(program) => {
            let comment = "The program that takes mails.";
            all.text(&["alert", "sendmail", "program"], program, &alert.sendmail.program, comment);
        }
        Sending::Unknown => {}
    }
    let watch = "systemd services that must be running.";
    all.list(&["probe", "services"], &answers.watch, &present.probe.services, watch);
    all.text(&["report", "path"], &answers.page, &present.report.path, "File of the page.");
    let public = "true: without the names of processes and users.";
    all.push(answers.public != present.report.public, &["report", "public"], answers.public, public);
    all.text(&["report", "language"], &answers.language, &present.report.language, "Language of the page.");
    all.0
}

struct Wishes(Vec<Wish>);

impl Wishes {
    fn push(&mut self, is_wanted: bool, path: &'static [&'static str], value: impl Into<Value>, comment: &'static str) {
        if is_wanted {
            self.0.push(Wish { path, value: value.into(), comment });
        }
    }

    fn text(&mut self, path: &'static [&'static str], wanted: &str, present: &str, comment: &'static str) {
        self.push(wanted != present, path, wanted, comment);
    }

    fn list(&mut self, path: &'static [&'static str], wanted: &[String], present: &[String], comment: &'static str) {
        self.push(wanted != present, path, wanted.iter().map(String::as_str).collect::<Array>(), comment);
    }

    /// `transport`, where `auto` would choose the other way.
    fn transport(&mut self, answers: &Answers, present: &Config) {
        let alert = &present.alert;
        let wanted = match (&answers.sending, alert.transport) {
            (Sending::Program(_), MailTransport::Smtp) => "sendmail",
            (Sending::Program(_), MailTransport::Auto) if !alert.smtp.host.is_empty() => "sendmail",
            (Sending::Smtp(_), MailTransport::Sendmail) => "smtp",
            _ => return,
        };
        self.push(true, &["alert", "transport"], wanted, "How mails leave this host.");
    }

    fn smtp(&mut self, server: &Server, present: &Config) {
        let smtp = &present.alert.smtp;
        self.text(&["alert", "smtp", "host"], &server.host, &smtp.host, "The mail server.");
        let comment = "Its port; 0 is the usual one.";
        self.push(server.port != smtp.port, &["alert", "smtp", "port"], i64::from(server.port), comment);
        let comment = "\"starttls\", \"tls\" (from the first byte) or \"none\".";
        self.text(&["alert", "smtp", "security"], &server.security, smtp.security.word(), comment);
        let allow_plain = server.security == "none" && !server.is_local();
        let comment = "Mails go in clear over the network.";
        self.push(allow_plain && !smtp.allow_plain, &["alert", "smtp", "allow_plain"], true, comment);
        self.text(&["alert", "smtp", "user"], &server.user, &smtp.user, "The login.");
        let comment = "A file whose first line is the password.";
        self.text(&["alert", "smtp", "password_file"], &server.password_file, &smtp.password_file, comment);
        let comment = "A certificate that is trusted in addition.";
        self.text(&["alert", "smtp", "ca_file"], &server.ca_file, &smtp.ca_file, comment);
        let comment = "The name by which this host introduces itself.";
        self.text(&["alert", "smtp", "helo_name"], &server.helo_name, &smtp.helo_name, comment);
    }
}
