//! A mail server of another system as `[alert.smtp]`.

use super::draft::Draft;
use crate::config::is_loopback;

/// The mail server of another system, its texts with the lines they come from.
#[derive(Debug, Clone, Default)]
pub struct MailServer {
    /// Host name, perhaps with a port.
    pub host: Option<(usize, String)>,
    /// Port.
    pub port: Option<(usize, String)>,
    /// Port that the other system uses if none is set.
    pub usual_port: Option<u16>,
    /// The connection is encrypted; `None`: not said.
    pub tls: Option<bool>,
    /// It is encrypted from the first byte; `None`: not said.
    pub from_first_byte: Option<bool>,
    /// User.
    pub user: Option<(usize, String)>,
    /// Password.
    pub password: Option<(usize, String)>,
}

impl MailServer {
    /// Takes it over.
    pub fn finish(self, draft: &mut Draft) {
        let Some((line, host)) = self.host.filter(|(_, host)| !host.is_empty()) else {
            if let Some((line, _)) = self.user.or(self.password).or(self.port) {
                draft.note(
                    line,
                    "mail server",
                    "there is no host; set host under [alert.smtp], or leave mails to a program",
                );
            }
            return;
        };
        let (host, port) = match host.rsplit_once(':').filter(|(name, _)| !name.contains(':')) {
            Some((name, port)) => (name.to_string(), Some((line, port.to_string()))),
            None => (host, self.port),
        };
        let number = port.as_ref().map(|(line, text)| (*line, text.trim().parse::<u16>()));
        let number = match number {
            Some((_, Ok(number))) => Some(number),
            Some((line, Err(_))) => {
                draft.note(line, "port", "is no number from 1 to 65535; the usual port is used");
                None
            }
            None => self.usual_port,
        };
        let is_local = is_loopback(&host);
        let security = match (self.tls, self.from_first_byte) {
            (Some(false), None | Some(false)) => "none",
            (_, Some(true)) => "tls",
            (Some(true) | None, None) if number == Some(465) => "tls",
            (None, _) if is_local && number.is_none_or(|port| port == 25) => "none",
            _ => "starttls",
        };
        let has_user = self.user.as_ref().is_some_and(|(_, user)| !user.is_empty());
        let security = match security {
            "none" if !is_local && has_user => {
                draft.note(line, "tls", "the password would be sent in clear; security = \"starttls\" is set instead");
                "starttls"
            }
            security => security,
        };
        draft.set("alert.smtp", "host", host.as_str(), line);
        if let Some(number) = number {
            draft.set("alert.smtp", "port", i64::from(number), port.map_or(line, |(line, _)| line));
        }
        draft.set("alert.smtp", "security", security, line);
        if security == "none" && !is_local {
            draft.set("alert.smtp", "allow_plain", true, line);
        }
        let Some((line, user)) = self.user.filter(|(_, user)| !user.is_empty()) else { return };
        draft.set("alert.smtp", "user", user.as_str(), line);
        match self.password.filter(|(_, password)| !password.is_empty()) {
            Some((line, password)) => draft.secret("alert.smtp", "password_file", "smtp-password", &password, line),
            None => {
                let path = draft.secret_path("smtp-password");
                draft.set("alert.smtp", "password_file", path.as_str(), line);
                draft.note(line, "password", format!("is not in this file; write it into {path} (mode 600)"));
            }
        }
    }
}
