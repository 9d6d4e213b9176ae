//! Services of systemd: one bounded call of `systemctl show` for all of them.
//!
//! A unit that crashes in a loop under `Restart=` is never "failed": it is seen by its restart count, which grows, and
//! by the state `auto-restart`. One that failed and was forgotten by systemd is seen because it was there before.

use super::measure::Measure;
use crate::base::text::{NAME_MAX, clean};
use serde::Serialize;
use std::collections::BTreeMap;

/// An element of the section `service`: those that are named in the configuration, and every one that is in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Service {
    service: String,
    active: bool,
    /// Failed, in a crash loop, or named in the configuration and not running.
    failed: bool,
    /// systemd's own word: `running`, `exited`, `failed`, `auto-restart`; `gone` when systemd has forgotten it.
    state: String,
    /// `success`, or why it ended: `exit-code`, `signal`, `oom-kill`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    result: String,
    /// As systemd writes it.
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    /// Automatic restarts since it was started by hand.
    restarts: u64,
    /// Of these, since the snapshot before.
    new_restarts: u64,
}

/// The section `systemd`: how many services there are in which state.
#[derive(Debug, Serialize)]
struct Systemd {
    services: usize,
    failed: usize,
    restarting: usize,
}

/// What is kept for the next snapshot, of every service that is or was in trouble: restarts, and when it last was
/// (seconds since boot).
type Kept = BTreeMap<String, (u64, f64)>;

/// So long a service stays in the snapshots after its last trouble, in seconds: a rule must see that it is well again.
const REMEMBERED_SECONDS: f64 = 3600.0;

/// What `systemctl show` is asked for.
pub const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestamp";

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let named = &measure.settings.services;
    let output = measure.root.systemctl_show(named)?;
    let before: Option<Kept> = measure.before.and_then(|(previous, _)| previous.get("service"));
    let services = parse(&output, before.as_ref(), named);
    let counts = Systemd {
        services: services.len(),
        failed: services.iter().filter(|service| service.state == "failed").count(),
        restarting: services.iter().filter(|service| service.state == "auto-restart").count(),
    };
    let is_named = |service: &Service| named.iter().any(|name| is_same(name, &service.service));
    let now = measure.now.boottime_seconds;
    let recent: Kept = before.into_iter().flatten().filter(|(_, (_, last))| now - last < REMEMBERED_SECONDS).collect();
    // In trouble a while ago, and systemd does not know it any more: failed and collected.
    let vanished = recent.iter().filter(|(name, _)| !services.iter().any(|service| service.service == **name));
    let vanished: Vec<Service> = vanished.map(|(name, (restarts, _))| gone(name, *restarts)).collect();
    let is_shown = |service: &Service| service.failed || is_named(service) || recent.contains_key(&service.service);
    let mut shown: Vec<Service> = services.iter().filter(|service| is_shown(service)).cloned().collect();
    shown.extend(vanished);
    let last = |service: &Service| match recent.get(&service.service) {
        // What is gone stays gone: it is told for a while, not for ever.
        Some((_, last)) if !service.failed || service.state == "gone" => *last,
        _ => now,
    };
    let kept: Kept = shown.iter().map(|service| (service.service.clone(), (service.restarts, last(service)))).collect();
    let others = services.iter().filter(|service| service.restarts > 0 && !kept.contains_key(&service.service));
    let restarted: Kept = others.map(|service| (service.service.clone(), (service.restarts, f64::MIN))).collect();
    measure.counters.keep("service", &kept.into_iter().chain(restarted).collect::<Kept>());
    measure.add("systemd", &counts)?;
    measure.add("service", &shown)
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

/// `nginx` and `nginx.service` are the same.
fn is_same(named: &str, unit: &str) -> bool {
    named == unit || unit.strip_suffix(".service") == Some(named)
}

/// Blocks of `Key=value` lines, an empty line between two units.
fn parse(output: &str, before: Option<&Kept>, named: &[String]) -> Vec<Service> {
    output.split("\n\n").filter_map(|block| parse_unit(block, before, named)).collect()
}

fn parse_unit(block: &str, before: Option<&Kept>, named: &[String]) -> Option<Service> {
    let get = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default();
    let service = clean(get("Id"), NAME_MAX);
    let is_named = named.iter().any(|name| is_same(name, &service));
    if service.is_empty() || (get("LoadState") != "loaded" && !is_named) {
        return None;
    }
    let active = matches!(get("ActiveState"), "active" | "reloading" | "refreshing");
    let restarts: u64 = get("NRestarts").parse().unwrap_or(0);
    // Without a snapshot before, nothing is known to have grown. A count that is less began anew meanwhile.
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
    fn what_hides_behind_restart_is_seen() {
        let output = [
            unit("a.service", "active", "running", 0),
            unit("b.service", "failed", "failed", 5),
            unit("c.service", "activating", "auto-restart", 7),
            unit("d.service", "active", "running", 9),
        ]
        .join("\n\n");
        let failed = |before: Option<&Kept>, named: &[String]| -> Vec<String> {
            parse(&output, before, named)
                .into_iter()
                .filter(|service| service.failed)
                .map(|service| service.service)
                .collect()
        };
        assert_eq!(failed(None, &[]), ["b.service", "c.service"]);
        let before: Kept = [("d.service".to_string(), (8, 0.0))].into();
        assert_eq!(
            failed(Some(&before), &[]),
            ["b.service", "c.service", "d.service"],
            "running, and restarted meanwhile"
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
