//! `[alert]`: who is told, and how. Read by all that may tell somebody; `osmon-probe` tells nobody, and does without.

use super::TransportConfig;
use super::merge::Wrong;
use super::route::{self, Route};
use super::secret::Secret;
use crate::base::units::parse_duration;
use crate::model::incident::Severity;
use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use toml::Table;

/// `[alert]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct Alert {
    /// Recipients.
    pub to: Vec<String>,
    /// Sender; empty: `osmon@` and the host name.
    pub from: String,
    /// How the mails to `to` leave.
    pub transport: MailTransport,
    /// Asked for after each good run; empty: nobody.
    pub heartbeat_url: String,
    /// Time of day at which a sign of life is sent, `08:00`; empty: none.
    pub sign_of_life: String,
    /// `[alert.smtp]`
    pub smtp: Smtp,
    /// `[alert.sendmail]`
    pub sendmail: Sendmail,
    /// Language of messages: `en` or `fr`.
    pub language: String,
    /// Messages an hour by each way to each recipient; 0: no limit.
    pub per_hour: usize,
    /// The same a day.
    pub per_day: usize,
    /// How long what nobody accepts is tried again.
    pub expire_after: String,
    /// Every way to people, those of this section itself first.
    #[serde(skip)]
    pub routes: Vec<Route>,
}

/// How mails leave this host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// SMTP when a host is set, else a program.
    #[default]
    Auto,
    /// `[alert.smtp]`
    Smtp,
    /// `[alert.sendmail]`
    Sendmail,
}

/// How the connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Plain at first, then TLS; refused where the server offers none (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None.
    None,
}

/// `[alert.smtp]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct Smtp {
    /// Server; empty: none.
    pub host: String,
    /// Port; 0: the usual one for `security`.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    /// User to log in as; empty: no login.
    pub user: String,
    /// No protection is allowed to other hosts too.
    pub allow_plain: bool,
    /// File whose first line is the password.
    pub password_file: String,
    /// Environment variable that holds it.
    pub password_env: String,
    /// The password itself.
    pub password: String,
    /// How to log in: `auto`, `plain`, `login`, `xoauth2`.
    pub mechanism: String,
    /// PEM file with a certificate authority of one's own; empty: none.
    pub ca_file: String,
    /// How long one message may take, in seconds (1 to 15).
    pub timeout_seconds: u64,
}

impl Smtp {
    /// The password, or the access token.
    pub fn secret(&self) -> Secret {
        Secret { text: self.password.clone(), file: self.password_file.clone(), env: self.password_env.clone() }
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        match (self.port, self.security) {
            (0, Security::Starttls) => 587,
            (0, Security::Tls) => 465,
            (0, Security::None) => 25,
            (port, _) => port,
        }
    }
}

impl Alert {
    /// How long what nobody accepts is tried again, in seconds.
    pub fn expire_seconds(&self) -> i64 {
        parse_duration(&self.expire_after).map_or(7 * 86_400, |span| span.as_secs().cast_signed())
    }

    /// The least that any way to people takes; `None`: there is no way.
    pub fn told_from(&self) -> Option<Severity> {
        let first = self.routes.iter().filter(|route| route.fallback_for.is_empty());
        first.map(|route| route.min_severity).min()
    }

    /// The minute of the day at which a sign of life is due.
    pub fn sign_of_life_minute(&self) -> Option<u32> {
        let time = NaiveTime::parse_from_str(&self.sign_of_life, "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    }

    /// Every secret, with the path of the key that should hold it.
    pub fn secrets(&self) -> Vec<(Vec<String>, Secret)> {
        let own = TransportConfig::Smtp(self.smtp.clone());
        let path = |keys: &[&str]| -> Vec<String> { keys.iter().map(ToString::to_string).collect() };
        let mut all: Vec<(Vec<String>, Secret)> =
            own.secrets().into_iter().map(|(key, secret)| (path(&["alert", "smtp", key]), secret)).collect();
        for route in self.routes.iter().filter(|route| route.name != route::MAIL && route.transport != own) {
            all.extend(route.transport.secrets().into_iter().map(|(key, secret)| match route.name.as_str() {
                route::WEBHOOK => (path(&["alert", "webhook_file"]), secret),
                name => (path(&["alert", "route", name, key]), secret),
            }));
        }
        all
    }
}

/// `[alert.sendmail]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct Sendmail {
    /// Program; empty: the first one found.
    pub program: String,
    /// Arguments before the recipients.
    pub arguments: Vec<String>,
}

/// What reads `[alert]`. A program that does not name it does not carry it.
#[derive(Debug, Clone, Copy)]
pub struct Reader(pub(super) fn(&Table, &mut Vec<Wrong>) -> Option<Alert>);

/// Reads all of it.
pub const READER: Reader = Reader(read);

fn read(merged: &Table, wrong: &mut Vec<Wrong>) -> Option<Alert> {
    let table = merged.get("alert").and_then(toml::Value::as_table)?;
    choices(merged, wrong);
    let mut alert: Alert = match table.clone().try_into() {
        Ok(alert) => alert,
        Err(error) => {
            // The keys and types were right, so what is left is a choice or a range, which has been named above.
            if wrong.is_empty() {
                let error: toml::de::Error = error;
                wrong.push(Wrong { path: vec!["alert".to_string()], message: error.message().trim().to_string() });
            }
            return None;
        }
    };
    let mut add = |path: &[&str], message: String| {
        wrong.push(Wrong { path: path.iter().map(ToString::to_string).collect(), message });
    };
    sensible(&alert, &mut add);
    alert.routes = route::read(&alert, table, &mut add);
    Some(alert)
}

/// Strings of which only some are allowed.
fn choices(merged: &Table, wrong: &mut Vec<Wrong>) {
    let mut check = |path: [&str; 2], value: Option<&toml::Value>, allowed: &[&str]| {
        if let Some(found) = value.and_then(toml::Value::as_str)
            && !allowed.contains(&found)
        {
            let path: Vec<String> =
                ["alert"].iter().chain(&path).filter(|key| !key.is_empty()).map(ToString::to_string).collect();
            let list: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
            wrong.push(Wrong { path, message: format!("{found:?} is not one of {}", list.join(", ")) });
        }
    };
    let alert = merged.get("alert");
    check(["transport", ""], alert.and_then(|alert| alert.get("transport")), &["auto", "smtp", "sendmail"]);
    let smtp = alert.and_then(|alert| alert.get("smtp"));
    check(["smtp", "security"], smtp.and_then(|smtp| smtp.get("security")), &["starttls", "tls", "none"]);
    if let Some(port) = smtp.and_then(|smtp| smtp.get("port")).and_then(toml::Value::as_integer)
        && u16::try_from(port).is_err()
    {
        wrong.push(Wrong {
            path: ["alert", "smtp", "port"].map(str::to_string).into(),
            message: "must be from 0 to 65535".into(),
        });
    }
}

/// `you@example.org` or `You <you@example.org>`. Whether it is right in every detail is seen when a mail is put together;
/// the full grammar with its tables of characters would double what `osmon-probe` weighs.
pub(super) fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once('<').map_or(Some(text), |(_, rest)| rest.strip_suffix('>'));
    bare.and_then(|bare| bare.split_once('@')).is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !bare.is_some_and(|bare| bare.contains(char::is_whitespace))
            && !domain.contains('@')
    })
}

fn sensible(alert: &Alert, add: &mut impl FnMut(&[&str], String)) {
    let smtp = &alert.smtp;
    for address in alert.to.iter().filter(|address| !is_address(address)) {
        add(&["alert", "to"], format!("{address:?} is not a mail address"));
    }
    if !alert.from.is_empty() && !is_address(&alert.from) {
        add(&["alert", "from"], format!("{:?} is not a mail address", alert.from));
    }
    if !alert.sign_of_life.is_empty() && alert.sign_of_life_minute().is_none() {
        add(&["alert", "sign_of_life"], format!("{:?} is no time of day such as \"08:00\"", alert.sign_of_life));
    }
    let heartbeat = &alert.heartbeat_url;
    if !heartbeat.is_empty() && !["https://", "http://"].iter().any(|begin| heartbeat.starts_with(begin)) {
        add(&["alert", "heartbeat_url"], "must begin with https:// or http://".to_string());
    }
    if alert.transport == MailTransport::Smtp && smtp.host.is_empty() {
        add(&["alert", "transport"], "\"smtp\" needs [alert.smtp] host".to_string());
    }
    if let Err((key, message)) = route::sensible(smtp) {
        add(&["alert", "smtp", key], message);
    }
    if !["en", "fr"].contains(&alert.language.as_str()) {
        add(&["alert", "language"], format!("{:?} is neither \"en\" nor \"fr\"", alert.language));
    }
    if !(1..=15).contains(&smtp.timeout_seconds) {
        add(&["alert", "smtp", "timeout_seconds"], "must be from 1 to 15".to_string());
    }
    match parse_duration(&alert.expire_after) {
        Err(message) => add(&["alert", "expire_after"], message),
        Ok(span) if span.as_secs() < 3600 => add(&["alert", "expire_after"], "must be at least 1h".to_string()),
        Ok(_) => {}
    }
}

/// Whether a host name means this host, without asking anybody.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
