//! Reads the channels of `[alert]` and its routes.

use super::address::is_address;
use super::alert::{Alert, MailTransport};
use super::issue::ConfigIssue;
use super::route::{MAIL, Route, Syslog, TransportConfig, WEBHOOK, WEBHOOK_KINDS, Webhook};
use super::secret::Secret;
use super::sendmail::Sendmail;
use super::smtp::{Security, Smtp};
use super::template;
use super::window::Window;
use crate::model::incident::Severity;
use toml::{Table, Value};

/// Keys of a route that are texts.
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

/// A wrong key of a route, and what is wrong with it.
type KeyError = (&'static str, String);

/// Every key of a route, with a value of its type.
pub fn keys() -> Table {
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

/// Whether the keys of a route exist and have the right types.
fn has_known_keys(route: &Table) -> bool {
    let known = keys();
    let is_list = |value: &Value| value.as_array().is_none_or(|items| items.iter().all(Value::is_str));
    route.iter().all(|(key, value)| known.get(key).is_some_and(|known| known.same_type(value)) && is_list(value))
}

/// Every channel: those of `[alert]` itself, then the routes by name. `None`: a key or type is wrong.
pub fn read(alert: &Alert, issues: &mut Vec<ConfigIssue>) -> Option<Vec<Route>> {
    let mut routes = own(alert);
    for (name, route) in &alert.route {
        let route = route.as_table().filter(|route| has_known_keys(route))?;
        if [MAIL, WEBHOOK].contains(&name.as_str())
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        {
            let message = format!(
                "{name:?} cannot be the name of a route: letters, digits, _ and -, not \"mail\" or \"webhook\""
            );
            issues.push(ConfigIssue::at(&["alert", "route", name], message));
        }
        match one(alert, name, Keys(route)) {
            Ok(read) if route.get("enabled").and_then(Value::as_bool) != Some(false) => routes.push(read),
            Ok(_) => {}
            Err((key, message)) => issues.push(ConfigIssue::at(&["alert", "route", name, key], message)),
        }
    }
    check_fallbacks(&routes, issues);
    Some(routes)
}

/// The channels that `[alert]` itself makes.
fn own(alert: &Alert) -> Vec<Route> {
    let channel = |name: &str, transport: TransportConfig, to: &[String]| Route {
        name: name.to_string(),
        transport,
        to: to.to_vec(),
        min_severity: Severity::Warning,
        window: None,
        fallback_for: String::new(),
    };
    let mut routes = Vec::new();
    if !alert.to.is_empty() {
        let by_smtp = match alert.transport {
            MailTransport::Smtp => true,
            MailTransport::Auto => !alert.smtp.host.is_empty(),
            MailTransport::Sendmail => false,
        };
        let transport = if by_smtp {
            TransportConfig::Smtp(alert.smtp.clone())
        } else {
            TransportConfig::Sendmail(alert.sendmail.clone())
        };
        routes.push(channel(MAIL, transport, &alert.to));
    }
    let url = Secret { text: alert.webhook.clone(), file: alert.webhook_file.clone(), env: alert.webhook_env.clone() };
    if url.is_set() {
        routes.push(channel(WEBHOOK, TransportConfig::Webhook(Webhook { url, ..Webhook::default() }), &[]));
    }
    routes
}

/// Every chain of fallbacks must end at a channel that is none.
fn check_fallbacks(routes: &[Route], issues: &mut Vec<ConfigIssue>) {
    for route in routes.iter().filter(|route| !route.fallback_for.is_empty()) {
        let mut seen = vec![route.name.as_str()];
        let mut at = route.fallback_for.as_str();
        while let Some(next) = routes.iter().find(|other| other.name == at).filter(|_| !seen.contains(&at)) {
            seen.push(at);
            at = next.fallback_for.as_str();
        }
        if !at.is_empty() {
            let message = format!("{at:?} is no other route that leads to people");
            issues.push(ConfigIssue::at(&["alert", "route", &route.name, "fallback_for"], message));
        }
    }
}

/// The keys of a route, whose types are right; an absent key has an empty value.
#[derive(Clone, Copy)]
struct Keys<'a>(&'a Table);

impl Keys<'_> {
    fn text(self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
    }

    fn list(self, key: &str) -> Vec<String> {
        let items = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_string).collect()
    }

    fn is_set(self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn secret(self, key: &str) -> Secret {
        Secret { text: self.text(key), file: self.text(&format!("{key}_file")), env: self.text(&format!("{key}_env")) }
    }
}

fn one(alert: &Alert, name: &str, keys: Keys<'_>) -> Result<Route, KeyError> {
    let transport = transport(alert, keys)?;
    let mut to = keys.list("to");
    if let Some(address) = to.iter().find(|address| !is_address(address)) {
        return Err(("to", format!("{address:?} is not a mail address")));
    }
    match transport {
        TransportConfig::Smtp(_) | TransportConfig::Sendmail(_) if to.is_empty() => to = alert.to.clone(),
        TransportConfig::Smtp(_) | TransportConfig::Sendmail(_) => {}
        TransportConfig::Webhook(_) | TransportConfig::Syslog(_) => to.clear(),
    }
    if to.is_empty() && matches!(transport, TransportConfig::Smtp(_) | TransportConfig::Sendmail(_)) {
        return Err(("to", "nobody to send it to: set \"to\" here or under [alert]".to_string()));
    }
    let min_severity = match keys.text("min_severity").as_str() {
        "" | "warning" => Severity::Warning,
        "critical" => Severity::Critical,
        other => return Err(("min_severity", format!("{other:?} is neither \"warning\" nor \"critical\""))),
    };
    let window = Window::read(&keys.text("between"), &keys.text("days"))?;
    Ok(Route { name: name.to_string(), transport, to, min_severity, window, fallback_for: keys.text("fallback_for") })
}

fn transport(alert: &Alert, keys: Keys<'_>) -> Result<TransportConfig, KeyError> {
    let all = || format!("\"smtp\", \"sendmail\", \"syslog\", \"{}\"", WEBHOOK_KINDS.join("\", \""));
    match keys.text("kind").as_str() {
        "smtp" => Ok(TransportConfig::Smtp(smtp(alert, keys)?)),
        "sendmail" => {
            let Sendmail { program, arguments } = &alert.sendmail;
            let (own_program, own_arguments) = (keys.text("program"), keys.list("arguments"));
            Ok(TransportConfig::Sendmail(Sendmail {
                program: if own_program.is_empty() { program.clone() } else { own_program },
                arguments: if own_arguments.is_empty() { arguments.clone() } else { own_arguments },
            }))
        }
        "syslog" => Ok(TransportConfig::Syslog(Syslog { socket: keys.text("socket") })),
        kind if WEBHOOK_KINDS.contains(&kind) => Ok(TransportConfig::Webhook(webhook(kind, keys)?)),
        "" => Err(("kind", format!("is missing: {}", all()))),
        other => Err(("kind", format!("{other:?} is not one of {}", all()))),
    }
}

/// The mail server of a route; one without a host uses `[alert.smtp]`.
fn smtp(alert: &Alert, keys: Keys<'_>) -> Result<Smtp, KeyError> {
    let host = keys.text("host");
    if host.is_empty() {
        if alert.smtp.host.is_empty() {
            return Err(("host", "is missing: set it here or under [alert.smtp]".to_string()));
        }
        return Ok(alert.smtp.clone());
    }
    let security = match keys.text("security").as_str() {
        "" | "starttls" => Security::Starttls,
        "tls" => Security::Tls,
        "none" => Security::None,
        other => return Err(("security", format!("{other:?} is not one of \"starttls\", \"tls\", \"none\""))),
    };
    let port = keys.0.get("port").and_then(Value::as_integer).unwrap_or(0);
    let mechanism = keys.text("mechanism");
    let secret = keys.secret("password");
    let smtp = Smtp {
        host,
        port: u16::try_from(port).map_err(|_| ("port", "must be from 0 to 65535".to_string()))?,
        security,
        allow_plain: keys.is_set("allow_plain"),
        user: keys.text("user"),
        password_file: secret.file,
        password_env: secret.env,
        password: secret.text,
        mechanism: if mechanism.is_empty() { "auto".to_string() } else { mechanism },
        ca_file: keys.text("ca_file"),
        timeout_seconds: alert.smtp.timeout_seconds,
    };
    smtp.check().map(|()| smtp)
}

fn webhook(kind: &str, keys: Keys<'_>) -> Result<Webhook, KeyError> {
    let url = keys.secret("url");
    if !url.is_set() {
        return Err(("url", "is missing: set url, or url_file, or url_env".to_string()));
    }
    let template = keys.text("template");
    template::check(&template).map_err(|message| ("template", message))?;
    Ok(Webhook {
        kind: kind.to_string(),
        url,
        token: keys.secret("token"),
        template,
        ca_file: keys.text("ca_file"),
        allow_plain: keys.is_set("allow_plain"),
    })
}
