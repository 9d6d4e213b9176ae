//! Refuses flags without a text: a variable that a script forgot to set must not delete a setting.

use super::arguments::Arguments;
use crate::base::error_kind::ErrorKind;
use anyhow::Result;
use std::path::Path;

/// Refuses a flag whose text is empty, or has no name in it.
///
/// # Errors
/// The first such flag, with what to write instead.
pub fn refuse(arguments: &Arguments) -> Result<()> {
    let file = |path: &Option<std::path::PathBuf>| path.as_deref().and_then(Path::to_str).map(ToString::to_string);
    let flags = [
        ("to", arguments.to.clone(), "none is the word for nobody"),
        ("smtp", arguments.smtp.clone(), "name a mail server"),
        ("user", arguments.user.clone(), "none is the word for no login"),
        ("password-file", file(&arguments.password_file), "name a file"),
        ("ca-file", file(&arguments.ca_file), "none is the word for no file"),
        ("helo-name", arguments.helo_name.clone(), "none is the word for the full name of this host"),
        ("from", arguments.from.clone(), "none is the word for the usual sender"),
        ("sendmail", arguments.sendmail.clone(), "name a program, or give --sendmail alone"),
        ("webhook", arguments.webhook.clone(), "none is the word for no webhook"),
        ("watch", arguments.watch.clone(), "none is the word for no service"),
        ("daily-status", arguments.daily_status.clone(), "none is the word for no such mail"),
        ("ping-url", arguments.ping_url.clone(), "none is the word for no URL"),
        ("web", arguments.web.clone(), "none is the word for no web server"),
    ];
    let is_empty = |text: &str| text.chars().all(|c| c.is_whitespace() || ",;".contains(c));
    match flags.into_iter().find(|(_, text, _)| text.as_deref().is_some_and(is_empty)) {
        None => Ok(()),
        Some((flag, text, word)) => {
            let text = text.unwrap_or_default();
            let advice = if word.starts_with("none") { format!("--{flag} {word}") } else { word.to_string() };
            let why = format!("--{flag}: {text:?} names nothing; {advice}; nothing was changed");
            Err(ErrorKind::Usage(why).into())
        }
    }
}
