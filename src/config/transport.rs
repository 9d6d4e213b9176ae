//! The transports of routes: settings, keys and secrets of each.

use super::key_errors::{KeyError, KeyErrors};
use super::route_keys::RouteKeys;
use super::secret::Secret;
use super::sendmail::Sendmail;
use super::smtp::{Security, Smtp};
use super::template;
use crate::base::suggestion::hint;
use toml::Value;

/// Values of `kind` that mean a webhook: message formats.
pub const WEBHOOK_KINDS: [&str; 6] = ["slack", "teams", "discord", "mattermost", "ntfy", "webhook"];
/// Keys of transports that are texts.
const TEXTS: [&str; 18] = [
    "url",
    "url_file",
    "url_env",
    "token",
    "token_file",
    "token_env",
    "template",
    "host",
    "security",
    "user",
    "password",
    "password_file",
    "password_env",
    "mechanism",
    "ca_file",
    "helo_name",
    "program",
    "socket",
];

/// The settings of a transport.
#[derive(Debug, Clone, PartialEq)]
pub enum TransportConfig {
    /// A mail server.
    Smtp(Smtp),
    /// A sendmail-compatible program.
    Sendmail(Sendmail),
    /// A web server that takes JSON.
    Webhook(Webhook),
    /// The journal or syslog.
    Syslog(Syslog),
}

/// A log on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    /// Path of the socket; empty: the journal's, else `/dev/log`.
    pub socket: String,
}

/// A webhook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Webhook {
    /// Format of the messages, such as `slack`; empty: guessed from the URL.
    pub kind: String,
    /// Its URL.
    pub url: Secret,
    /// Sent as a bearer token.
    pub token: Secret,
    /// JSON that is sent instead of the format of `kind`; empty: none.
    pub template: String,
    /// PEM file with additional certificate authorities; empty: none.
    pub ca_file: String,
    /// Longest text of a message without a known format, in characters; 0: 1900 in a template, else no limit.
    pub max_length: usize,
    /// Allow `http://` to other hosts.
    pub allow_plain: bool,
}

/// Every key of a transport in a route, with a value of its type.
pub fn keys() -> impl Iterator<Item = (&'static str, Value)> {
    let others = [
        ("arguments", Value::Array(Vec::new())),
        ("port", Value::Integer(0)),
        ("max_length", Value::Integer(0)),
        ("allow_plain", Value::Boolean(false)),
    ];
    TEXTS.into_iter().map(|key| (key, Value::String(String::new()))).chain(others)
}

impl TransportConfig {
    /// Reads the transport of a route. What is absent comes from `[alert.smtp]` or `[alert.sendmail]`. `None`: it is
    /// unknown, which is among the errors.
    pub fn read(keys: RouteKeys<'_>, smtp: &Smtp, sendmail: &Sendmail, errors: &mut KeyErrors) -> Option<Self> {
        let all = || format!("\"smtp\", \"sendmail\", \"syslog\", \"{}\"", WEBHOOK_KINDS.join("\", \""));
        match keys.text("kind").as_str() {
            "smtp" => return Some(Self::Smtp(read_smtp(keys, smtp, errors))),
            "sendmail" => {
                let (program, arguments) = (keys.text("program"), keys.list("arguments"));
                return Some(Self::Sendmail(Sendmail {
                    program: if program.is_empty() { sendmail.program.clone() } else { program },
                    arguments: if arguments.is_empty() { sendmail.arguments.clone() } else { arguments },
                }));
            }
            "syslog" => return Some(Self::Syslog(Syslog { socket: keys.text("socket") })),
            kind if WEBHOOK_KINDS.contains(&kind) => return Some(Self::Webhook(read_webhook(keys, kind, errors))),
            "" => errors.related("kind", &["kind"], format!("is missing: {}", all())),
            other => {
                let hint = hint(other, ["smtp", "sendmail", "syslog"].into_iter().chain(WEBHOOK_KINDS));
                errors.add("kind", format!("{other:?} is not one of {}{hint}", all()));
            }
        }
        None
    }

    /// Returns whether its messages are mails, which need recipients.
    pub fn is_mail(&self) -> bool {
        matches!(self, Self::Smtp(_) | Self::Sendmail(_))
    }

    /// Its secrets, each with the name of the key that should hold it.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        match self {
            // Without a user there is no login, so the password is not needed.
            Self::Smtp(smtp) if !smtp.user.is_empty() => vec![("password_file", smtp.secret())],
            Self::Webhook(hook) => vec![("url_file", hook.url.clone()), ("token_file", hook.token.clone())],
            Self::Smtp(_) | Self::Sendmail(_) | Self::Syslog(_) => Vec::new(),
        }
    }

    /// Valid settings that are probably mistakes, each with its key.
    pub fn warnings(&self) -> Vec<KeyError> {
        let Self::Webhook(hook) = self else { return Vec::new() };
        template::unknown_placeholders(&hook.template).into_iter().map(|warning| ("template", warning)).collect()
    }
}

/// The mail server of a route; one without a host uses `[alert.smtp]`.
fn read_smtp(keys: RouteKeys<'_>, default: &Smtp, errors: &mut KeyErrors) -> Smtp {
    let host = keys.text("host");
    if host.is_empty() {
        if default.host.is_empty() {
            errors.related("host", &["host"], "is missing: set it here or under [alert.smtp]");
        }
        return default.clone();
    }
    let security = match keys.text("security").as_str() {
        "" | "starttls" => Security::Starttls,
        "tls" => Security::Tls,
        "none" => Security::None,
        other => {
            errors.add("security", format!("{other:?} is not one of \"starttls\", \"tls\", \"none\""));
            Security::Starttls
        }
    };
    let (mechanism, secret, helo_name) = (keys.text("mechanism"), keys.secret("password"), keys.text("helo_name"));
    let port = u16::try_from(keys.integer("port")).map_err(|_| ("port", "must be from 0 to 65535".to_string()));
    let smtp = Smtp {
        host,
        port: errors.take(port).unwrap_or(0),
        security,
        allow_plain: keys.is_set("allow_plain"),
        user: keys.text("user"),
        password_file: secret.file,
        password_env: secret.env,
        password: secret.text,
        mechanism: if mechanism.is_empty() { "auto".to_string() } else { mechanism },
        ca_file: keys.text("ca_file"),
        helo_name: if helo_name.is_empty() { default.helo_name.clone() } else { helo_name },
        timeout_seconds: default.timeout_seconds,
    };
    smtp.check(errors);
    smtp
}

fn read_webhook(keys: RouteKeys<'_>, kind: &str, errors: &mut KeyErrors) -> Webhook {
    let url = keys.secret("url");
    if !url.is_set() {
        errors.related("url", &["url", "url_file", "url_env"], "is missing: set url, or url_file, or url_env");
    } else if !url.text.is_empty() && !["https://", "http://"].iter().any(|begin| url.text.starts_with(begin)) {
        errors.add("url", "must begin with https:// or http://");
    }
    let template = keys.text("template");
    errors.take(template::check(&template).map_err(|message| ("template", message)));
    Webhook {
        kind: kind.to_string(),
        url,
        token: keys.secret("token"),
        template,
        ca_file: keys.text("ca_file"),
        max_length: usize::try_from(keys.integer("max_length")).unwrap_or(0),
        allow_plain: keys.is_set("allow_plain"),
    }
}
