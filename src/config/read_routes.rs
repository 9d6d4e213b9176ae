//! Reads the channels of `[alert]` and its routes.

use super::address;
use super::alert::{Alert, MailTransport};
use super::issue::{ConfigIssue, is_hidden};
use super::key_errors::KeyErrors;
use super::route::{MAIL, Route, WEBHOOK};
use super::route_keys::RouteKeys;
use super::secret::Secret;
use super::transport::{self, TransportConfig, Webhook};
use super::window::Window;
use crate::base::suggestion::hint;
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
    // Every enabled route, right or wrong, and the one that it stands in for.
    let mut links: Vec<(String, String)> = routes.iter().map(|route| (route.name.clone(), String::new())).collect();
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
        let mut errors = KeyErrors::default();
        let is_mail_known = !is_hidden(issues, &["alert", "to"]);
        let read = one(alert, name, RouteKeys(route), is_mail_known, &mut errors);
        let is_right = errors.is_empty();
        errors.report(&["alert", "route", name], issues);
        if route.get("enabled").and_then(Value::as_bool) != Some(false) {
            links.push((name.clone(), RouteKeys(route).text("fallback_for")));
            routes.extend(read.filter(|_| is_right));
        }
    }
    check_fallbacks(&links, issues);
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

/// Checks that every chain of fallbacks ends at a primary channel. `links`: each channel, and the one it stands in for.
fn check_fallbacks(links: &[(String, String)], issues: &mut Vec<ConfigIssue>) {
    for (name, fallback_for) in links.iter().filter(|(_, fallback_for)| !fallback_for.is_empty()) {
        let mut seen = vec![name.as_str()];
        let mut at = fallback_for.as_str();
        while let Some((_, next)) = links.iter().find(|(other, _)| other == at).filter(|_| !seen.contains(&at)) {
            seen.push(at);
            at = next.as_str();
        }
        let own = |key| is_hidden(issues, &["alert", key]);
        let is_reported = (at == MAIL && own("to")) || (at == WEBHOOK && own("webhook"));
        if !at.is_empty() && !is_reported {
            let hint = hint(at, links.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.contains(name)));
            let message = format!("{at:?} is no other route that leads to people{hint}");
            issues.push(ConfigIssue::at(&["alert", "route", name, "fallback_for"], message));
        }
    }
}

/// Reads a route; `None` and errors when it is wrong. `is_mail_known`: `[alert] to` is not reported already.
fn one(alert: &Alert, name: &str, keys: RouteKeys<'_>, is_mail_known: bool, errors: &mut KeyErrors) -> Option<Route> {
    let transport = TransportConfig::read(keys, &alert.smtp, &alert.sendmail, errors);
    let mut to = keys.list("to");
    for message in to.iter().filter_map(|address| address::parse(address).err()) {
        errors.add("to", message);
    }
    if !transport.as_ref().is_some_and(TransportConfig::is_mail) {
        to.clear();
    } else if to.is_empty() {
        to.clone_from(&alert.to);
        if to.is_empty() && is_mail_known {
            errors.related("to", &["to"], "no recipient: set \"to\" here or under [alert]");
        }
    }
    let min_severity = match keys.text("min_severity").as_str() {
        "" | "warning" => Severity::Warning,
        "critical" => Severity::Critical,
        other => {
            errors.add("min_severity", format!("{other:?} is neither \"warning\" nor \"critical\""));
            Severity::Warning
        }
    };
    let window = Window::collect(&keys.text("between"), &keys.text("days"), errors);
    let fallback_for = keys.text("fallback_for");
    Some(Route { name: name.to_string(), transport: transport?, to, min_severity, window, fallback_for })
}
