//! Failed units of users whose services run without a login (`loginctl enable-linger`), as rootless containers do. What fails
//! in a desktop session is nobody's alarm.

use super::other_unit::{SystemUnit, failure};
use super::show;
use crate::base::text::{NAME_MAX, clean};
use crate::probe::measurement::Measurement;
use std::collections::BTreeMap;

/// How often the managers of users are asked, in seconds: each costs a subprocess.
const INTERVAL_SECONDS: f64 = 600.0;
/// Largest number of users asked; each may take two seconds.
const USERS_MAX: usize = 8;
/// A unit stays in the snapshots for this long after it failed, in seconds.
const REMEMBERED_SECONDS: f64 = 3600.0;

/// Failed units and their states.
type Failed = BTreeMap<String, String>;

/// The units that fail, and those that failed within the last hour.
pub fn failed(run: &mut Measurement<'_>) -> Vec<SystemUnit> {
    let read = |run: &mut Measurement<'_>| Ok(read(run));
    let (failed, _) = run.periodic("systemd_user", INTERVAL_SECONDS, read).unwrap_or_default();
    let now = run.now.boottime_seconds;
    let boot_id = &run.snapshot.header.boot_id;
    let mut known: BTreeMap<String, f64> = run
        .earlier
        .filter(|it| it.boot_id == *boot_id)
        .and_then(|it| it.get("systemd_user_failed"))
        .unwrap_or_default();
    known.retain(|_, last| now - *last < REMEMBERED_SECONDS);
    known.extend(failed.keys().map(|unit| (unit.clone(), now)));
    run.counters.keep("systemd_user_failed", &known);
    let shown = known.into_keys().map(|unit| {
        let state = failed.get(&unit);
        SystemUnit { failed: state.is_some(), job_seconds: 0.0, state: state.cloned().unwrap_or_default(), unit }
    });
    shown.collect()
}

fn read(run: &Measurement<'_>) -> Failed {
    let mut failed = Failed::new();
    let users = run.root.users();
    for uid in run.root.lingering_users(&users).into_iter().take(USERS_MAX) {
        // A manager that does not run, or does not answer, has nothing to say.
        let Ok(output) = run.root.systemctl_user_failed(show::PROPERTIES, uid) else { continue };
        let user = clean(&users.name(uid), NAME_MAX);
        let units = show::parse(&output).into_iter().filter(|unit| unit.active == "failed" && !unit.is_stopped());
        failed.extend(units.map(|unit| (format!("{user}/{}", unit.id), failure(&unit))));
    }
    failed
}
