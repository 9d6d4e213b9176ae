//! The text of a configuration and of the secrets beside it, not written yet.

use super::edit;
use super::wishes::wishes;
use crate::config::Config;
use crate::setup::answers::{Answers, Sending};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, TomlError, Value};

/// The beginning of a new file.
const HEADER: &str = "# Configuration of osmon: only what differs from the defaults, which\n\
    # \"osmon config show --default\" prints with an explanation of each.\n\
    # After a change: osmon config check; osmon send-alert --test\n\n";

/// A configuration that is to be written.
#[derive(Debug)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// The text with the secrets in it, for the test message before anything is written.
    pub text_to_try: String,
    /// It differs from the present file.
    pub is_changed: bool,
    /// Secrets in files of their own.
    pub secrets: Vec<SecretFile>,
}

impl Draft {
    /// Returns whether writing it would change the configuration file or a secret.
    pub fn changes_anything(&self) -> bool {
        self.is_changed || !self.secrets.is_empty()
    }
}

/// A secret that is to be written.
pub struct SecretFile {
    /// Path of the file.
    pub path: PathBuf,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Drafts the configuration for answers. `text` is the present file, `present` its values; secrets go into `directory`.
///
/// # Errors
/// The present file is not valid TOML.
pub fn draft(answers: &Answers, present: &Config, text: &str, directory: &Path) -> Result<Draft, TomlError> {
    let mut answers = answers.clone();
    let mut secrets = Vec::new();
    let mut add = |name: &str, secret: &str| {
        let path = directory.join(name);
        let shown = path.display().to_string();
        secrets.push(SecretFile { path, secret: secret.to_string() });
        shown
    };
    let mut document: DocumentMut = text.parse()?;
    let is_empty = document.as_table().is_empty();
    let mut to_try = Vec::new();
    if let Sending::Smtp(server) = &mut answers.sending
        && let Some(password) = server.password.take()
    {
        server.password_file = add("smtp-password", &password);
        // It would take precedence over the file.
        edit::remove(&mut document, &["alert", "smtp", "password"]);
        to_try.push((vec!["alert", "smtp", "password"], password));
    }
    let mut keys = Vec::new();
    if let Some(webhook) = answers.webhook.take() {
        edit::remove(&mut document, &["alert", "webhook"]);
        let comment = "A file whose first line is the URL of a webhook: it is a secret.";
        if webhook.url.is_empty() {
            edit::remove(&mut document, &["alert", "webhook_file"]);
        } else if webhook.kind.is_empty() {
            keys.push((vec!["alert", "webhook_file"], add("webhook-url", &webhook.url), comment));
            to_try.push((vec!["alert", "webhook"], webhook.url));
        } else {
            let at = |key: &'static str| vec!["alert", "route", "chat", key];
            keys.push((at("kind"), webhook.kind, "The format of its messages."));
            keys.push((at("url_file"), add("webhook-url", &webhook.url), comment));
            to_try.push((at("url"), webhook.url));
        }
    }
    for wish in wishes(&answers, present) {
        let is_old_name = wish.path == ["alert", "ping_url"] && edit::has(&document, &["alert", "heartbeat_url"]);
        let path = if is_old_name { &["alert", "heartbeat_url"] } else { wish.path };
        edit::set(&mut document, path, wish.value, wish.comment);
    }
    for (path, value, comment) in keys {
        edit::set(&mut document, &path, Value::from(value), comment);
    }
    // The comments of a file without settings stay above the first one.
    let written = |document: &DocumentMut| match (is_empty, text.trim().is_empty()) {
        (false, _) => document.to_string(),
        (true, true) => format!("{HEADER}{document}"),
        (true, false) => format!("{}\n\n{}", text.trim_end(), without_trailing(document)),
    };
    let mut trial = document.clone();
    for (path, secret) in to_try {
        edit::set(&mut trial, &path, Value::from(secret), "");
    }
    let new = if is_empty && document.as_table().is_empty() && !text.trim().is_empty() {
        text.to_string()
    } else {
        written(&document)
    };
    Ok(Draft { is_changed: new != text, text: new, text_to_try: written(&trial), secrets })
}

fn without_trailing(document: &DocumentMut) -> String {
    let mut document = document.clone();
    document.set_trailing("");
    document.to_string()
}
