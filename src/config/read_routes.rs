//! Reads the channels of `[alert]` and its routes.

use super::address;
use super::alert::{Alert, MailTransport};
use super::issue::ConfigIssue;
use super::route::{MAIL, Route, WEBHOOK};
use super::route_keys::{KeyError, RouteKeys};
use super::secret::Secret;
use super::transport::{self, TransportConfig, Webhook};
use super::window::Window;
use crate::model::incident::Severity;
use toml::{Table, Value};

/// Every key of a route, with a value of its type.
pub fn keys() -> Table {
    let text = Value::String(String::new());
    let texts = ["kind", "min_severity", "between", "days", "fallback_for"].map(|key| (key, text.clone()));
    let others = [("to", Value::Array(Vec::new())), ("enabled", Value::Boolean(true))];
    texts.into_iter().chain(others).chain(transport::keys()).map(|(key, value)| (key.to_string(), value)).collect()
}

/// Returns whether the keys of a route exist and have the right types.
fn has_known_keys(route: &Table) -> bool {
    let known = keys();
    let is_list = |value: &Value| value.as_array().is_none_or(|items| items.iter().all(Value::is_str));
    route.iter().all(|(key, value)| known.get(key).is_some_and(|known| known.same_type(value)) && is_list(value))
}

/// Every channel: those of `[alert]` itself, then the routes by name. `None` when a key or type is wrong.
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
        match one(alert, name, RouteKeys(route)) {
            Ok(read) if route.get("enabled").and_then(Value::as_bool) != Some(false) => routes.push(read),
            Ok(_) => {}
            Err((key, message)) => issues.push(ConfigIssue::at(&["alert", "route", name, key], message)),
        }
    }
    check_fallbacks(&routes, issues);
    Some(routes)
}

/// The channels defined by `[alert]` itself.
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

/// Checks that every chain of fallbacks ends at a primary channel.
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

fn one(alert: &Alert, name: &str, keys: RouteKeys<'_>) -> Result<Route, KeyError> {
    let transport = TransportConfig::read(keys, &alert.smtp, &alert.sendmail)?;
    let mut to = keys.list("to");
    if let Some(message) = to.iter().find_map(|address| address::parse(address).err()) {
        return Err(("to", message));
    }
    if !transport.is_mail() {
        to.clear();
    } else if to.is_empty() {
        to.clone_from(&alert.to);
        if to.is_empty() {
            return Err(("to", "no recipient: set \"to\" here or under [alert]".to_string()));
        }
    }
    let min_severity = match keys.text("min_severity").as_str() {
        "" | "warning" => Severity::Warning,
        "critical" => Severity::Critical,
        other => return Err(("min_severity", format!("{other:?} is neither \"warning\" nor \"critical\""))),
    };
    let window = Window::read(&keys.text("between"), &keys.text("days"))?;
    Ok(Route { name: name.to_string(), transport, to, min_severity, window, fallback_for: keys.text("fallback_for") })
}
