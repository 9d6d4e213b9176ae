//! Services of systemd: one bounded call of `systemctl show` for all of them.
//!
//! A unit that crashes in a loop under `Restart=` is never `failed`: its growing restart count and the state `auto-restart`
//! show it. A unit that failed and was garbage-collected by systemd is known from the previous snapshot.

use crate::base::text::{NAME_MAX, clean};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::Serialize;
use std::collections::BTreeMap;

/// An element of the section `service`: services named in the configuration, and all that have failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Service {
    service: String,
    active: bool,
    /// Failed, in a crash loop, or named in the configuration but not active.
    failed: bool,
    /// systemd's sub-state: `running`, `exited`, `failed`, `auto-restart`; or `gone` when systemd no longer knows the unit.
    state: String,
    /// `success`, or the reason of the failure: `exit-code`, `signal`, `oom-kill`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    result: String,
    /// Time of the last state change, as systemd prints it.
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    /// Automatic restarts since the last manual start.
    restarts: u64,
    /// Automatic restarts since the previous snapshot.
    new_restarts: u64,
}

/// The section `systemd`: number of services by state.
#[derive(Debug, Serialize)]
struct Systemd {
    services: usize,
    failed: usize,
    restarting: usize,
}

/// State kept of every service that has or had failed: restarts, and the time of the last failure in seconds since
/// boot.
type KeptServices = BTreeMap<String, (u64, f64)>;

/// How long a service stays in the snapshots after its last failure, in seconds: rules must see the recovery.
const REMEMBERED_SECONDS: f64 = 3600.0;

/// Properties read from `systemctl show`.
const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestamp";

/// The registration.
pub const RESOURCE: Resource = Resource { name: "service", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let named = &run.settings.services;
    let output = run.root.systemctl_show(PROPERTIES, named)?;
    let before: Option<KeptServices> = run.previous("service").map(|(kept, _)| kept);
    let services = parse(&output, before.as_ref(), named);
    let counts = Systemd {
        services: services.len(),
        failed: services.iter().filter(|service| service.state == "failed").count(),
        restarting: services.iter().filter(|service| service.state == "auto-restart").count(),
    };
    let is_named = |service: &Service| named.iter().any(|name| is_same(name, &service.service));
    let now = run.now.boottime_seconds;
    let recent: KeptServices =
        before.into_iter().flatten().filter(|(_, (_, last))| now - last < REMEMBERED_SECONDS).collect();
    // Failed a while ago, and systemd no longer knows it: garbage-collected.
    let vanished = recent.iter().filter(|(name, _)| !services.iter().any(|service| service.service == **name));
    let vanished: Vec<Service> = vanished.map(|(name, (restarts, _))| gone(name, *restarts)).collect();
    let is_shown = |service: &Service| service.failed || is_named(service) || recent.contains_key(&service.service);
    let mut shown: Vec<Service> = services.iter().filter(|service| is_shown(service)).cloned().collect();
    shown.extend(vanished);
    let last = |service: &Service| match recent.get(&service.service) {
        // A vanished unit is reported for a while, not for ever.
        Some((_, last)) if !service.failed || service.state == "gone" => *last,
        _ => now,
    };
    let kept: KeptServices =
        shown.iter().map(|service| (service.service.clone(), (service.restarts, last(service)))).collect();
    let others = services.iter().filter(|service| service.restarts > 0 && !kept.contains_key(&service.service));
    let restarted: KeptServices =
        others.map(|service| (service.service.clone(), (service.restarts, f64::MIN))).collect();
    run.counters.keep("service", &kept.into_iter().chain(restarted).collect::<KeptServices>());
    run.add("systemd", &counts)?;
    run.add("service", &shown)
}

fn gone(name: &str, restarts: u64) -> Service {
    Service {
        service: name.to_string(),
        active: false,
        failed: true,
        state: "gone".to_string(),
        result: String::new(),
        since: String::new(),
        restarts,
        new_restarts: 0,
    }
}

/// Returns whether a name from the configuration denotes a unit: `nginx` is `nginx.service`.
fn is_same(named: &str, unit: &str) -> bool {
    named == unit || unit.strip_suffix(".service") == Some(named)
}

/// Parses blocks of `Key=value` lines, separated by empty lines.
fn parse(output: &str, before: Option<&KeptServices>, named: &[String]) -> Vec<Service> {
    output.split("\n\n").filter_map(|block| parse_unit(block, before, named)).collect()
}

fn parse_unit(block: &str, before: Option<&KeptServices>, named: &[String]) -> Option<Service> {
    let get = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default();
    let service = clean(get("Id"), NAME_MAX);
    let is_named = named.iter().any(|name| is_same(name, &service));
    if service.is_empty() || (get("LoadState") != "loaded" && !is_named) {
        return None;
    }
    let active = matches!(get("ActiveState"), "active" | "reloading" | "refreshing");
    let restarts: u64 = get("NRestarts").parse().unwrap_or(0);
    // Without a previous snapshot there is no growth. A smaller count was reset meanwhile.
    let known = before.map_or(restarts, |before| before.get(&service).map_or(0, |(restarts, _)| *restarts));
    let new_restarts = restarts.checked_sub(known).unwrap_or(restarts);
    let state = if get("LoadState") == "loaded" { get("SubState") } else { get("LoadState") };
    let failed = get("ActiveState") == "failed" || state == "auto-restart" || new_restarts > 0 || (is_named && !active);
    Some(Service {
        active,
        failed,
        state: clean(state, NAME_MAX),
        result: clean(get("Result"), NAME_MAX),
        since: clean(get("StateChangeTimestamp"), NAME_MAX),
        restarts,
        new_restarts,
        service,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: &str, active: &str, sub: &str, restarts: u64) -> String {
        format!(
            "Id={id}\nLoadState=loaded\nActiveState={active}\nSubState={sub}\nResult=success\nNRestarts={restarts}\nStateChangeTimestamp=x"
        )
    }

    #[test]
    fn restart_loops_are_failures() {
        let output = [
            unit("a.service", "active", "running", 0),
            unit("b.service", "failed", "failed", 5),
            unit("c.service", "activating", "auto-restart", 7),
            unit("d.service", "active", "running", 9),
        ]
        .join("\n\n");
        let failed = |before: Option<&KeptServices>, named: &[String]| -> Vec<String> {
            parse(&output, before, named)
                .into_iter()
                .filter(|service| service.failed)
                .map(|service| service.service)
                .collect()
        };
        assert_eq!(failed(None, &[]), ["b.service", "c.service"]);
        let before: KeptServices = [("d.service".to_string(), (8, 0.0))].into();
        assert_eq!(
            failed(Some(&before), &[]),
            ["b.service", "c.service", "d.service"],
            "running, but restarted meanwhile"
        );
        let counted =
            |known| parse(&output, Some(&[("d.service".to_string(), (known, 0.0))].into()), &[])[3].new_restarts;
        assert_eq!((counted(8), counted(9), counted(12)), (1, 0, 9), "started by hand, and restarted nine times since");
        let missing = "Id=e.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n";
        assert!(parse(missing, None, &[]).is_empty());
        let named = parse(missing, None, &["e".to_string()]);
        assert!(named[0].failed && named[0].state == "not-found");
    }
}
