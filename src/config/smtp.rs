//! `[alert.smtp]`: settings of a mail server, also those of a route.

use super::key_errors::KeyErrors;
use super::secret::Secret;
use serde::Deserialize;
use std::net::IpAddr;

/// `[alert.smtp]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Server; empty: none.
    pub host: String,
    /// Port; 0: the usual one for `security`.
    pub port: u16,
    /// Encryption of the connection.
    pub security: Security,
    /// Allow unencrypted connections to other hosts.
    pub allow_plain: bool,
    /// User to log in as; empty: no login.
    pub user: String,
    /// File whose first line is the password.
    pub password_file: String,
    /// Environment variable that holds the password.
    pub password_env: String,
    /// The password itself.
    pub password: String,
    /// Login method: `auto`, `plain`, `login`, `xoauth2`.
    pub mechanism: String,
    /// PEM file with additional certificate authorities; empty: none.
    pub ca_file: String,
    /// Name by which this host introduces itself; empty: its full name.
    pub helo_name: String,
    /// Time limit for one message, in seconds (1 to 15).
    pub timeout_seconds: u64,
}

/// Encryption of the connection to a mail server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS after a plain start; refused where the server does not offer it (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None.
    None,
}

impl Security {
    /// Its value in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            security: Security::Starttls,
            allow_plain: false,
            user: String::new(),
            password_file: String::new(),
            password_env: String::new(),
            password: String::new(),
            mechanism: "auto".to_string(),
            ca_file: String::new(),
            helo_name: String::new(),
            timeout_seconds: 10,
        }
    }
}

impl Smtp {
    /// The password or access token.
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

    /// Checks the settings together.
    pub(super) fn check(&self, errors: &mut KeyErrors) {
        if let Some((name, port)) = name_and_port(&self.host) {
            errors.add("host", format!("{:?} has a port in it; use host = {name:?} and port = {port}", self.host));
        } else if self.host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@,".contains(c)) {
            errors.add("host", format!("{:?} is not a host name; use one such as \"mail.example.org\"", self.host));
        }
        let is_name_character = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if !self.helo_name.chars().all(is_name_character) {
            let message = format!("{:?} is not a host name; use one such as \"web-01.example.org\"", self.helo_name);
            errors.add("helo_name", message);
        }
        if !["auto", "plain", "login", "xoauth2"].contains(&self.mechanism.as_str()) {
            let message = format!("{:?} is not one of \"auto\", \"plain\", \"login\", \"xoauth2\"", self.mechanism);
            errors.add("mechanism", message);
        }
        if !self.user.is_empty() && !self.secret().is_set() {
            let message = "needs password_file, a file whose first line is the password";
            errors.related("user", &["user", "password_file", "password_env", "password"], message);
        }
        if self.security == Security::None && !is_loopback(&self.host) && !self.host.is_empty() {
            if !self.user.is_empty() {
                let message = "\"none\" would send the password in clear; use \"starttls\" or \"tls\"";
                errors.related("security", &["security", "host", "user"], message);
            } else if !self.allow_plain {
                let message = "\"none\" sends mails in clear over the network; use \"starttls\" or \"tls\", or set allow_plain = true";
                errors.related("security", &["security", "host", "allow_plain"], message);
            }
        }
    }
}

/// Splits `mail.example.org:587`; a bare IPv6 address has no port.
fn name_and_port(host: &str) -> Option<(&str, u16)> {
    let (name, port) = host.rsplit_once(':')?;
    let is_bare = name.contains(':') && !name.ends_with(']');
    port.parse().ok().filter(|_| !is_bare && !name.is_empty()).map(|port| (name, port))
}

/// Returns whether a host name denotes this host, without a lookup.
/// Returns whether a mail server is this host, without a lookup.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
