//! `.env` of self-healing-monitor, agent-supervisor and inventory-buildup.

use super::draft::Draft;
use super::limits::of_threshold;
use super::mail_server::MailServer;
use super::pairs::{Pair, pairs};

/// Keys that have no counterpart, and what to say of them. A key that ends in `*` stands for all that begin so.
const LEFT_OUT: [(&str, &str); 20] = [
    ("AUTO_HEALING*", "osmon repairs nothing yet; it notifies"),
    ("HEALING*", "osmon repairs nothing yet; it notifies"),
    (
        "NETWORK_THRESHOLD*",
        "counted bytes since the start; write a rule with \"per\" on a metric of net (docs/metrics.md)",
    ),
    ("METRICS_FILE", "osmon keeps history in its data directory (data_dir)"),
    ("LOG*", "osmon keeps history and events itself; there is no log file to name"),
    ("DASHBOARD*", "there is no server: the page is a file ([report] path)"),
    ("FLASK*", "there is no server: the page is a file ([report] path)"),
    ("PORT", "there is no server: the page is a file ([report] path)"),
    ("HOST", "there is no server: the page is a file ([report] path)"),
    ("WHITELIST_AGENT", "osmon does not poll other hosts yet; install it on each of them"),
    ("HEALTHROOT", "osmon does not poll other hosts yet; install it on each of them"),
    ("METRICSROOT", "osmon does not poll other hosts yet; install it on each of them"),
    ("INTERVAL_HEALTH_CHECK", "osmon does not poll other hosts yet; install it on each of them"),
    ("AGENT*", "osmon does not poll other hosts yet; install it on each of them"),
    ("INFLUXDB_TOKEN", "is a secret and not repeated here; osmon does not send to InfluxDB yet"),
    ("INFLUXDB*", "osmon does not send to InfluxDB yet"),
    ("DOCKER*", "osmon does not send to InfluxDB yet"),
    ("GRAFANA*", "the page needs no Grafana"),
    ("DATABASE*", "osmon needs no database"),
    ("SECRET*", "is not needed, and not repeated here"),
];

/// Reads it.
pub fn read(text: &str, draft: &mut Draft) {
    let (pairs, others) = pairs(text);
    let mut server = MailServer::default();
    let off = pairs.iter().find(|pair| upper(pair) == "EMAIL_ALERTS_ENABLED" && is_true(&pair.value) == Some(false));
    let off = off.map(|pair| pair.line);
    if let Some(line) = off {
        draft.note(
            line,
            "EMAIL_ALERTS_ENABLED",
            "mails were off: no recipient is taken over; set to under [alert] to be notified",
        );
    }
    for pair in &pairs {
        one(pair, off.is_some(), &mut server, draft);
    }
    server.finish(draft);
    others.into_iter().for_each(|line| draft.note(line, "line", "is no setting KEY=value; left out"));
}

fn upper(pair: &Pair) -> String {
    pair.key.to_ascii_uppercase()
}

fn is_true(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "oui" => Some(true),
        "false" | "0" | "no" | "off" | "non" | "" => Some(false),
        _ => None,
    }
}

fn one(pair: &Pair, is_mail_off: bool, server: &mut MailServer, draft: &mut Draft) {
    let (line, key, value) = (pair.line, pair.key.as_str(), pair.value.as_str());
    let upper = upper(pair);
    if let Some((rule, is_critical)) = threshold(&upper) {
        return of_threshold(draft, rule, pair, is_critical);
    }
    let given = Some((line, value.to_string()));
    let secure = is_true(value);
    match upper.as_str() {
        "EMAIL_ALERTS_ENABLED" => {}
        "MONITORED_SERVICES" | "SERVICES" => {
            for service in value.split([',', ' ']).map(str::trim).filter(|service| !service.is_empty()) {
                draft.add("probe", "services", service, line);
            }
        }
        "MONITORING_INTERVAL" | "INTERVAL_METRICS_CHECK" | "TICK_INTERVAL" | "CHECK_INTERVAL" => {
            let advice = match value.parse::<u32>() {
                Ok(seconds @ 1..60) => format!("osmon schedule timer --every {}s is the nearest", seconds.max(10)),
                _ => "osmon schedule shows and changes it".to_string(),
            };
            draft.note(
                line,
                key,
                format!("how often osmon measures is no setting (once a minute by default); {advice}"),
            );
        }
        "EMAIL_TO" | "EMAIL_RECIPIENT" | "EMAIL_RECIPIENTS" | "ALERT_EMAIL" | "ALERT_EMAILS" | "MAIL_TO"
        | "TO_EMAIL" | "RECIPIENT_EMAIL" | "ADMIN_EMAIL" => {
            if is_mail_off {
                draft.note(line, key, "mails were off; left out");
            } else {
                draft.recipients(value, line, key);
            }
        }
        "EMAIL_FROM" | "SMTP_FROM" | "MAIL_FROM" | "FROM_EMAIL" | "EMAIL_SENDER" | "SENDER_EMAIL" => {
            draft.sender(value, line, key);
        }
        "SMTP_SERVER" | "SMTP_HOST" | "EMAIL_HOST" | "EMAIL_SMTP_SERVER" | "EMAIL_SERVER" | "MAIL_SERVER" => {
            server.host = given;
        }
        "SMTP_PORT" | "EMAIL_PORT" | "EMAIL_SMTP_PORT" | "MAIL_PORT" => server.port = given,
        "SMTP_USER" | "SMTP_USERNAME" | "EMAIL_USER" | "EMAIL_USERNAME" | "EMAIL_HOST_USER" | "MAIL_USERNAME"
        | "SMTP_LOGIN" => {
            server.user = given;
        }
        "SMTP_PASSWORD" | "SMTP_PASS" | "EMAIL_PASSWORD" | "EMAIL_PASS" | "EMAIL_HOST_PASSWORD" | "MAIL_PASSWORD" => {
            server.password = given;
        }
        "SMTP_TLS" | "SMTP_USE_TLS" | "SMTP_STARTTLS" | "EMAIL_USE_TLS" | "MAIL_USE_TLS" => server.tls = secure,
        "SMTP_SSL" | "SMTP_USE_SSL" | "EMAIL_USE_SSL" | "MAIL_USE_SSL" => server.from_first_byte = secure,
        other => {
            let known = LEFT_OUT.iter().find(|(name, _)| match name.strip_suffix('*') {
                Some(begin) => other.starts_with(begin),
                None => other == *name,
            });
            let unknown = "is unknown; see osmon config show --default for what can be set";
            draft.note(line, key, known.map_or(unknown, |(_, why)| *why));
        }
    }
}

/// The rule that a threshold belongs to, and whether it is the critical one.
fn threshold(key: &str) -> Option<(&'static str, bool)> {
    let is_critical = key.contains("CRITICAL");
    let bare = ["_CRITICAL", "CRITICAL_", "_WARNING", "WARNING_"]
        .iter()
        .fold(key.to_string(), |key, level| key.replace(level, ""));
    if bare == key && !key.contains("THRESHOLD") {
        return None;
    }
    let rule = match bare.replace("_THRESHOLD", "").as_str() {
        "CPU" => "cpu",
        "MEMORY" | "MEM" | "RAM" => "memory",
        "DISK" => "disk",
        "SWAP" => "swap",
        _ => return None,
    };
    Some((rule, is_critical))
}
