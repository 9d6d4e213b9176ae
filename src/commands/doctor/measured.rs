//! Checks the newest snapshot: failures of the probe, and services that have to exist.

use super::check::Check;
use crate::context::Context;
use crate::model::service::{GONE, Service};
use crate::model::snapshot::Snapshot;
use crate::query::health::Recorded;
use std::collections::BTreeMap;

/// Failures of the probe and `[probe] services`; nothing without a snapshot.
pub fn checks(context: &Context, recorded: &Recorded) -> Vec<Check> {
    let Some(snapshot) = recorded.json.as_deref().and_then(|json| Snapshot::parse(json).ok()) else {
        return Vec::new();
    };
    vec![failures(&snapshot.failed), services(&context.config.probe.services, &snapshot.services)]
}

fn failures(failed: &BTreeMap<String, String>) -> Check {
    if failed.is_empty() {
        return Check::ok("probe", "everything was measured");
    }
    let all: Vec<String> = failed.iter().map(|(name, reason)| format!("{name} ({reason})")).collect();
    Check::warn("probe", format!("not measured: {}", all.join(", ")), "osmon probe -v")
}

fn services(wanted: &[String], known: &BTreeMap<String, Service>) -> Check {
    let by_alias = |name: &str| known.values().find(|service| service.alias == name);
    let called = |name: &str| known.get(name).or_else(|| by_alias(name));
    let of = |name: &String| called(name).or_else(|| called(&format!("{name}.service")));
    let is_missing = |name: &&String| {
        let is_gone = |service: &Service| ["not-found", GONE].contains(&service.state.as_str());
        of(name).is_none_or(is_gone)
    };
    let missing: Vec<&str> = wanted.iter().filter(is_missing).map(String::as_str).collect();
    match (wanted.len(), missing.is_empty()) {
        (0, _) => Check::ok("services", "none is required ([probe] services); failed ones are found anyway"),
        (count, true) => Check::ok("services", format!("all {count} of [probe] services exist")),
        (_, false) => Check::fail(
            "services",
            format!("unknown to systemd: {}", missing.join(", ")),
            format!("systemctl status {}; osmon config show | grep services", missing.join(" ")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn required_services_have_to_exist() {
        let service =
            |name: &str, state: &str| Service { service: name.into(), state: state.into(), ..Service::default() };
        let all = [service("ssh.service", "running"), service("nginx.service", "not-found"), service("cron", "failed")];
        let alias = Service { alias: "mysqld.service".into(), ..service("mariadb.service", "running") };
        let all = all.into_iter().chain([alias]);
        let known: BTreeMap<String, Service> = all.map(|one| (one.service.clone(), one)).collect();
        let wanted = |names: &[&str]| services(&names.iter().map(ToString::to_string).collect::<Vec<_>>(), &known);
        assert_eq!(wanted(&[]).state, State::Ok);
        assert_eq!(wanted(&["ssh", "cron", "mysqld"]).state, State::Ok, "that it failed is an incident");
        let missing = wanted(&["ssh", "nginx", "mysql"]);
        assert!(missing.state == State::Fail && missing.text.ends_with("nginx, mysql"), "{missing:?}");
    }
}
