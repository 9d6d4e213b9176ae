//! `[alert]`: who is notified, and how.

use super::address;
use super::issue::{ConfigIssue, is_hidden};
use super::key_errors::KeyErrors;
use super::route::Route;
use super::sendmail::Sendmail;
use super::smtp::Smtp;
use crate::base::units::parse_duration;
use crate::model::incident::Severity;
use chrono::{NaiveTime, Timelike};
use serde::Deserialize;
use toml::Table;

/// `[alert]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Alert {
    /// Recipients of mails.
    pub to: Vec<String>,
    /// Sender; empty: `osmon@` and the host name.
    pub from: String,
    /// How the mails to `to` leave this host.
    pub transport: MailTransport,
    /// URL of a webhook.
    pub webhook: String,
    /// File whose first line is the URL of a webhook.
    pub webhook_file: String,
    /// Environment variable that holds the URL of a webhook.
    pub webhook_env: String,
    /// URL requested after each run; empty: none. Called `heartbeat_url` before.
    pub ping_url: String,
    /// Local time of the daily status message, `08:00`; empty: none.
    pub sign_of_life: String,
    /// `[alert.smtp]`
    pub smtp: Smtp,
    /// `[alert.sendmail]`
    pub sendmail: Sendmail,
    /// Language of messages: `en` or `fr`.
    pub language: String,
    /// Messages per hour and recipient on each channel; 0: no limit.
    pub per_hour: usize,
    /// Messages per day and recipient on each channel; 0: no limit.
    pub per_day: usize,
    /// How long an undelivered alert is retried: `7d`.
    pub expire_after: String,
    /// `[alert.route.NAME]` as written.
    pub(super) route: Table,
    /// Every channel: those of this section itself first, then the routes by name.
    #[serde(skip)]
    pub routes: Vec<Route>,
}

/// How mails leave this host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
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

impl Default for Alert {
    fn default() -> Self {
        Self {
            to: Vec::new(),
            from: String::new(),
            transport: MailTransport::Auto,
            webhook: String::new(),
            webhook_file: String::new(),
            webhook_env: String::new(),
            ping_url: String::new(),
            sign_of_life: String::new(),
            smtp: Smtp::default(),
            sendmail: Sendmail::default(),
            language: "en".to_string(),
            per_hour: 10,
            per_day: 50,
            expire_after: "7d".to_string(),
            route: Table::new(),
            routes: Vec::new(),
        }
    }
}

impl Alert {
    /// How long an undelivered alert is retried, in seconds.
    pub fn expire_seconds(&self) -> i64 {
        parse_duration(&self.expire_after).map_or(7 * 86_400, |span| span.as_secs().cast_signed())
    }

    /// The lowest severity that any channel takes; `None`: there is no channel.
    pub fn notified_from(&self) -> Option<Severity> {
        let first = self.routes.iter().filter(|route| route.fallback_for.is_empty());
        first.map(|route| route.min_severity).min()
    }

    /// Minute of the local day at which the daily status message is due.
    pub fn sign_of_life_minute(&self) -> Option<u32> {
        let time = NaiveTime::parse_from_str(&self.sign_of_life, "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    }

    /// Checks every key but the routes.
    pub(super) fn check(&self, issues: &mut Vec<ConfigIssue>) {
        let smtp = &self.smtp;
        let mut add = |path: &[&str], message: String| issues.push(ConfigIssue::at(path, message));
        for message in self.to.iter().filter_map(|address| address::parse(address).err()) {
            add(&["alert", "to"], message);
        }
        if let Some(message) =
            Some(&self.from).filter(|from| !from.is_empty()).and_then(|from| address::parse(from).err())
        {
            add(&["alert", "from"], message);
        }
        if !self.sign_of_life.is_empty() && self.sign_of_life_minute().is_none() {
            add(&["alert", "sign_of_life"], format!("{:?} is not a time of day such as \"08:00\"", self.sign_of_life));
        }
        for (key, url) in [("webhook", &self.webhook), ("ping_url", &self.ping_url)] {
            if !url.is_empty() && !["https://", "http://"].iter().any(|begin| url.starts_with(begin)) {
                add(&["alert", key], "must begin with https:// or http://".to_string());
            }
        }
        if !["en", "fr"].contains(&self.language.as_str()) {
            add(&["alert", "language"], format!("{:?} is neither \"en\" nor \"fr\"", self.language));
        }
        if !(1..=15).contains(&smtp.timeout_seconds) {
            add(&["alert", "smtp", "timeout_seconds"], "must be from 1 to 15".to_string());
        }
        match parse_duration(&self.expire_after) {
            Err(message) => add(&["alert", "expire_after"], message),
            Ok(span) if span.as_secs() < 3600 => add(&["alert", "expire_after"], "must be at least 1h".to_string()),
            Ok(_) => {}
        }
        if self.transport == MailTransport::Smtp
            && smtp.host.is_empty()
            && !is_hidden(issues, &["alert", "smtp", "host"])
        {
            issues.push(ConfigIssue::at(&["alert", "transport"], "\"smtp\" needs [alert.smtp] host"));
        }
        let mut errors = KeyErrors::default();
        smtp.check(&mut errors);
        errors.report(&["alert", "smtp"], issues);
    }
}
