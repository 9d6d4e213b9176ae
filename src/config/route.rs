//! `[alert.route.NAME]`: ways to people. `[alert] to` and `[alert] webhook` are two of them without a section of their own.

use super::alert::{is_address, is_loopback};
use super::secret::Secret;
use super::window::Window;
use super::{Alert, MailTransport, Security, Sendmail, Smtp, template};
use crate::model::incident::Severity;
use toml::{Table, Value};

/// The name of the way that `[alert] to` opens.
pub const MAIL: &str = "mail";
/// The name of the way that `[alert] webhook` opens.
pub const WEBHOOK: &str = "webhook";

/// One way to people.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// How its messages leave this host, with the settings for it.
    pub transport: TransportConfig,
    /// Recipients of mails; empty for all others.
    pub to: Vec<String>,
    /// Less urgent events do not go this way.
    pub min_severity: Severity,
    /// Events at other times do not go this way.
    pub window: Option<Window>,
    /// Only used when the way of this name has failed; empty: always.
    pub fallback_for: String,
}

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

impl TransportConfig {
    /// Its secrets, each with the name of the key that should hold it.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        match self {
            // Without a user there is no login, so the password is not needed.
            Self::Smtp(smtp) if !smtp.user.is_empty() => vec![("password_file", smtp.secret())],
            Self::Webhook(hook) => vec![("url_file", hook.url.clone()), ("token_file", hook.token.clone())],
            Self::Smtp(_) | Self::Sendmail(_) | Self::Syslog(_) => Vec::new(),
        }
    }
}

/// A log on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    /// Path of the socket; empty: the journal's, else `/dev/log`.
    pub socket: String,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq)]
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
    /// Allow `http://` to other hosts.
    pub allow_plain: bool,
}

const TEXTS: [&str; 22] = [
    "kind",
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
    "program",
    "min_severity",
    "between",
    "days",
    "fallback_for",
    "socket",
];
/// Values of `kind` that mean a webhook: message formats.
pub const WEBHOOK_KINDS: [&str; 6] = ["slack", "teams", "discord", "mattermost", "ntfy", "webhook"];

/// Every key of a route, with a value of its type.
pub(super) fn keys() -> Table {
    let texts = TEXTS.map(|key| (key, Value::String(String::new())));
    let others = [
        ("to", Value::Array(Vec::new())),
        ("arguments", Value::Array(Vec::new())),
        ("port", Value::Integer(0)),
        ("enabled", Value::Boolean(true)),
        ("allow_plain", Value::Boolean(false)),
    ];
    texts.into_iter().chain(others).map(|(key, value)| (key.to_string(), value)).collect()
}

/// All ways: of `[alert]` itself, then by name.
pub(super) fn read(alert: &Alert, table: &Table, add: &mut impl FnMut(&[&str], String)) -> Vec<Route> {
    let mut routes = Vec::new();
    let plain = |name: &str, transport: TransportConfig, to: &[String]| Route {
        name: name.to_string(),
        transport,
        to: to.to_vec(),
        min_severity: Severity::Warning,
        window: None,
        fallback_for: String::new(),
    };
    if !alert.to.is_empty() {
        let by_smtp = alert.transport == MailTransport::Smtp
            || (alert.transport == MailTransport::Auto && !alert.smtp.host.is_empty());
        let transport = if by_smtp {
            TransportConfig::Smtp(alert.smtp.clone())
        } else {
            TransportConfig::Sendmail(alert.sendmail.clone())
        };
        routes.push(plain(MAIL, transport, &alert.to));
    }
    let hook = Secret::of(table, WEBHOOK);
    if hook.is_set() {
        let transport = TransportConfig::Webhook(Webhook {
            kind: String::new(),
            url: hook,
            token: Secret::default(),
            template: String::new(),
            ca_file: String::new(),
            allow_plain: false,
        });
        routes.push(plain(WEBHOOK, transport, &[]));
    }
    for (name, keys) in table.get("route").and_then(Value::as_table).into_iter().flatten() {
        let Some(keys) = keys.as_table() else { continue };
        if [MAIL, WEBHOOK].contains(&name.as_str())
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        {
            let message = format!(
                "{name:?} cannot be the name of a route: letters, digits, _ and -, not \"mail\" or \"webhook\""
            );
            add(&["alert", "route", name], message);
        }
        match one(alert, name, keys) {
            Ok(route) if keys.get("enabled").and_then(Value::as_bool) != Some(false) => routes.push(route),
            Ok(_) => {}
            Err((key, message)) => add(&["alert", "route", name, key], message),
        }
    }
    for route in routes.iter().filter(|route| !route.fallback_for.is_empty()) {
        let mut seen = vec![route.name.as_str()];
        let mut at = route.fallback_for.as_str();
        while let Some(next) = routes.iter().find(|other| other.name == at).filter(|_| !seen.contains(&at)) {
            seen.push(at);
            at = next.fallback_for.as_str();
        }
        if !at.is_empty() {
            let message = format!("{at:?} is no other route that leads to people");
            add(&["alert", "route", &route.name, "fallback_for"], message);
        }
    }
    routes
}

type Wrong = (&'static str, String);

fn one(alert: &Alert, name: &str, keys: &Table) -> Result<Route, Wrong> {
    let text = |key: &str| keys.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let list = |key: &str| -> Vec<String> {
        let items = keys.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_string).collect()
    };
    let kind = text("kind");
    let is_mail = ["smtp", "sendmail"].contains(&kind.as_str());
    let transport = match kind.as_str() {
        "smtp" => TransportConfig::Smtp(smtp(alert, keys)?),
        "sendmail" => {
            let own = |value: Vec<String>| if value.is_empty() { alert.sendmail.arguments.clone() } else { value };
            let program = text("program");
            let program = if program.is_empty() { alert.sendmail.program.clone() } else { program };
            TransportConfig::Sendmail(Sendmail { program, arguments: own(list("arguments")) })
        }
        "syslog" => TransportConfig::Syslog(Syslog { socket: text("socket") }),
        hook if WEBHOOK_KINDS.contains(&hook) => TransportConfig::Webhook(webhook(keys, kind.clone())?),
        "" => {
            return Err((
                "kind",
                format!("is missing: \"smtp\", \"sendmail\", \"syslog\", \"{}\"", WEBHOOK_KINDS.join("\", \"")),
            ));
        }
        other => {
            let all = format!("\"smtp\", \"sendmail\", \"syslog\", \"{}\"", WEBHOOK_KINDS.join("\", \""));
            return Err(("kind", format!("{other:?} is not one of {all}")));
        }
    };
    let to = list("to");
    if let Some(address) = to.iter().find(|address| !is_address(address)) {
        return Err(("to", format!("{address:?} is not a mail address")));
    }
    let to = if !is_mail {
        Vec::new()
    } else if to.is_empty() {
        alert.to.clone()
    } else {
        to
    };
    if is_mail && to.is_empty() {
        return Err(("to", "nobody to send it to: set \"to\" here or under [alert]".to_string()));
    }
    let min_severity = match text("min_severity").as_str() {
        "" | "warning" => Severity::Warning,
        "critical" => Severity::Critical,
        other => return Err(("min_severity", format!("{other:?} is neither \"warning\" nor \"critical\""))),
    };
    let window = Window::read(&text("between"), &text("days"))?;
    Ok(Route { name: name.to_string(), transport, to, min_severity, window, fallback_for: text("fallback_for") })
}

fn smtp(alert: &Alert, keys: &Table) -> Result<Smtp, Wrong> {
    let text = |key: &str| keys.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let host = text("host");
    if host.is_empty() {
        if alert.smtp.host.is_empty() {
            return Err(("host", "is missing: set it here or under [alert.smtp]".to_string()));
        }
        return Ok(alert.smtp.clone());
    }
    let security = match text("security").as_str() {
        "" | "starttls" => Security::Starttls,
        "tls" => Security::Tls,
        "none" => Security::None,
        other => return Err(("security", format!("{other:?} is not one of \"starttls\", \"tls\", \"none\""))),
    };
    let port = keys.get("port").and_then(Value::as_integer).unwrap_or(0);
    let smtp = Smtp {
        host,
        port: u16::try_from(port).map_err(|_| ("port", "must be from 0 to 65535".to_string()))?,
        security,
        allow_plain: keys.get("allow_plain").and_then(Value::as_bool).unwrap_or(false),
        user: text("user"),
        password_file: text("password_file"),
        password_env: text("password_env"),
        password: text("password"),
        mechanism: if text("mechanism").is_empty() { "auto".to_string() } else { text("mechanism") },
        ca_file: text("ca_file"),
        timeout_seconds: alert.smtp.timeout_seconds,
    };
    sensible(&smtp).map(|()| smtp)
}

/// `mail.example.org:587` taken apart; what is an address of IPv6 alone has no port.
fn name_and_port(host: &str) -> Option<(&str, u16)> {
    let (name, port) = host.rsplit_once(':')?;
    let is_bare = name.contains(':') && !name.ends_with(']');
    port.parse().ok().filter(|_| !is_bare && !name.is_empty()).map(|port| (name, port))
}

/// What is wrong with the settings of a mail server taken together.
pub(super) fn sensible(smtp: &Smtp) -> Result<(), Wrong> {
    if let Some((name, port)) = name_and_port(&smtp.host) {
        return Err(("host", format!("{:?} has a port in it; use host = {name:?} and port = {port}", smtp.host)));
    }
    if !["auto", "plain", "login", "xoauth2"].contains(&smtp.mechanism.as_str()) {
        let message = format!("{:?} is not one of \"auto\", \"plain\", \"login\", \"xoauth2\"", smtp.mechanism);
        return Err(("mechanism", message));
    }
    if !smtp.user.is_empty() && !smtp.secret().is_set() {
        return Err(("user", "needs password_file, a file whose first line is the password".to_string()));
    }
    if smtp.security == Security::None && !is_loopback(&smtp.host) && !smtp.host.is_empty() {
        if !smtp.user.is_empty() {
            let message = "\"none\" would send the password in clear; use \"starttls\" or \"tls\"".to_string();
            return Err(("security", message));
        }
        if !smtp.allow_plain {
            let message = "\"none\" sends mails in clear over the network; use \"starttls\" or \"tls\", or set allow_plain = true";
            return Err(("security", message.to_string()));
        }
    }
    Ok(())
}

fn webhook(keys: &Table, kind: String) -> Result<Webhook, Wrong> {
    let text = |key: &str| keys.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let url = Secret::of(keys, "url");
    if !url.is_set() {
        return Err(("url", "is missing: set url, or url_file, or url_env".to_string()));
    }
    let template = text("template");
    template::sensible(&template).map_err(|message| ("template", message))?;
    let allow_plain = keys.get("allow_plain").and_then(Value::as_bool).unwrap_or(false);
    Ok(Webhook { kind, url, token: Secret::of(keys, "token"), template, ca_file: text("ca_file"), allow_plain })
}
