//! Failed units of users whose services run without a login (`loginctl enable-linger`), as rootless containers do. What fails
//! in a desktop session is nobody's alarm. A manager is a program of its user, who decides what it answers and when: a run
//! asks one of them, and of each user a limited number of units is shown.

use super::other_unit::{SystemUnit, failure};
use super::show;
use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean};
use crate::host::deadline::NO_TIME;
use crate::host::systemctl::LATE;
use crate::probe::measurement::Measurement;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often the manager of a user is asked, in seconds: each call costs a subprocess.
const INTERVAL_SECONDS: f64 = 600.0;
/// A manager that did not answer in time is asked again after this time, in seconds.
const LATE_SECONDS: f64 = 3600.0;
/// Runs of cron do not begin at exactly the same second.
const TOLERANCE_SECONDS: f64 = 5.0;
/// Largest number of users asked.
const USERS_MAX: usize = 8;
/// Largest number of failed units of a user that are shown by name, and of those that no longer fail.
const UNITS_MAX: usize = 20;
/// A unit stays in the snapshots for this long after it failed, in seconds.
const REMEMBERED_SECONDS: f64 = 3600.0;
/// Stands for the failed units of a user beyond [`UNITS_MAX`].
const OTHERS: &str = "other units";

/// The state of a user that the counters keep.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Manager {
    /// When it was last asked, in seconds since boot.
    asked: Option<f64>,
    /// It did not answer in time.
    late: bool,
    /// Its failed units by name, with their states.
    failed: BTreeMap<String, String>,
    /// When its units were last seen to fail, in seconds since boot.
    seen: BTreeMap<String, f64>,
}

/// The units that fail, and those that failed within the last hour.
pub fn failed(run: &mut Measurement<'_>) -> Vec<SystemUnit> {
    let now = run.now.boottime_seconds;
    let list = |run: &mut Measurement<'_>| Ok(lingering(run));
    let (users, _) = run.periodic("systemd_user_list", INTERVAL_SECONDS, list).unwrap_or_default();
    let before = run.earlier.filter(|it| it.boot_id == run.snapshot.header.boot_id);
    let mut known: BTreeMap<u32, Manager> = before.and_then(|it| it.get("systemd_users")).unwrap_or_default();
    let mut managers: BTreeMap<u32, (String, Manager)> =
        users.into_iter().map(|(uid, name)| (uid, (name, known.remove(&uid).unwrap_or_default()))).collect();
    let due = managers.iter_mut().filter(|(_, (_, manager))| manager.is_due(now));
    let waited = |manager: &Manager| manager.asked.map_or(f64::INFINITY, |asked| now - asked);
    // Of several that wait equally long the first.
    let next = due.reduce(|best, next| if waited(&next.1.1) > waited(&best.1.1) { next } else { best });
    if let Some((uid, (_, manager))) = next {
        manager.ask(run, *uid);
    }
    let mut shown = Vec::new();
    for (user, manager) in managers.values_mut() {
        manager.remember(now);
        shown.extend(manager.seen.keys().map(|unit| {
            let state = manager.failed.get(unit);
            let (failed, state) = (state.is_some(), state.cloned().unwrap_or_default());
            SystemUnit { failed, job_seconds: 0.0, state, unit: format!("{user}/{unit}") }
        }));
    }
    let kept: BTreeMap<u32, &Manager> = managers.iter().map(|(uid, (_, manager))| (*uid, manager)).collect();
    if !kept.is_empty() {
        run.counters.keep("systemd_users", &kept);
    }
    shown
}

/// Numbers and names of the users.
fn lingering(run: &Measurement<'_>) -> Vec<(u32, String)> {
    let users = run.root.users();
    let uids = run.root.lingering_users(&users).into_iter().take(USERS_MAX);
    uids.map(|uid| (uid, clean(&users.name(uid), NAME_MAX))).collect()
}

impl Manager {
    fn is_due(&self, now: f64) -> bool {
        let interval = if self.late { LATE_SECONDS } else { INTERVAL_SECONDS };
        self.asked.is_none_or(|asked| !(0.0..interval - TOLERANCE_SECONDS).contains(&(now - asked)))
    }

    fn ask(&mut self, run: &Measurement<'_>, uid: u32) {
        let answer = run.root.systemctl_user_failed(show::PROPERTIES, uid, &run.root.users());
        self.take(answer, run.now.boottime_seconds);
    }

    /// Takes an answer. What is not known does not change what was known; a manager that does not run has nothing to say.
    fn take(&mut self, answer: Result<String, String>, now: f64) {
        if answer.as_ref().is_err_and(|reason| reason == NO_TIME) {
            return;
        }
        self.asked = Some(now);
        self.late = answer.as_ref().is_err_and(|reason| reason.starts_with(LATE));
        if self.late {
            return;
        }
        let output = answer.unwrap_or_default();
        let units = show::parse(&output).into_iter().filter(|unit| unit.active == "failed" && !unit.is_stopped());
        let found: BTreeMap<String, String> = units.map(|unit| (unit.id.clone(), failure(&unit))).collect();
        let count = found.len();
        // Those that are known stay: another one that fails is not their recovery.
        let (known, new): (Vec<_>, Vec<_>) = found.into_iter().partition(|(unit, _)| self.failed.contains_key(unit));
        self.failed = known.into_iter().chain(new).take(UNITS_MAX).collect();
        if let Some(more) = count.checked_sub(UNITS_MAX).filter(|more| *more > 0) {
            self.failed.insert(OTHERS.to_string(), format!("and {more} more"));
        }
    }

    /// Forgets the units that have not failed for an hour, and those beyond the number that is shown.
    fn remember(&mut self, now: f64) {
        self.seen.extend(self.failed.keys().map(|unit| (unit.clone(), now)));
        let mut past: Vec<(f64, String)> = self
            .seen
            .iter()
            .filter(|(unit, last)| !self.failed.contains_key(*unit) && now - **last < REMEMBERED_SECONDS)
            .map(|(unit, last)| (*last, unit.clone()))
            .collect();
        past.arrange_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        past.truncate(UNITS_MAX);
        self.seen.retain(|unit, _| self.failed.contains_key(unit) || past.iter().any(|(_, name)| name == unit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(units: impl Iterator<Item = String>) -> Result<String, String> {
        Ok(units.map(|unit| format!("Id={unit}.service\nLoadState=loaded\nActiveState=failed\n\n")).collect())
    }

    #[test]
    fn a_manager_that_does_not_answer_is_left_alone_for_an_hour() {
        let mut manager = Manager::default();
        manager.take(answer(std::iter::once("web".to_string())), 0.0);
        assert!(!manager.is_due(540.0) && manager.is_due(600.0));
        manager.take(Err(NO_TIME.to_string()), 600.0);
        assert!(manager.is_due(660.0), "it was not asked");
        manager.take(Err(format!("{LATE} within 2.0 s")), 660.0);
        assert!(!manager.is_due(4200.0) && manager.is_due(4260.0));
        assert_eq!(manager.failed.len(), 1, "nothing is known of a recovery");
        manager.take(Err("no systemd of this user runs".to_string()), 4260.0);
        assert!(manager.failed.is_empty() && manager.is_due(4860.0));
    }

    #[test]
    fn a_user_fills_a_limited_number_of_rows() {
        let mut manager = Manager::default();
        for round in 0..50 {
            let now = f64::from(round) * 600.0;
            manager.take(answer((0..500).map(|unit| format!("r{round}-{unit:03}"))), now);
            manager.remember(now);
            assert_eq!(manager.failed.get(OTHERS).map(String::as_str), Some("and 480 more"));
            assert!(manager.failed.len() == 21 && manager.seen.len() <= 41, "{}", manager.seen.len());
        }
        let first = manager.failed.clone();
        manager.take(answer((0..20).map(|unit| format!("r49-{unit:03}")).chain(["a".to_string()])), 0.0);
        assert!(!manager.failed.contains_key("a.service"), "a new one takes nobody's place");
        assert_eq!(manager.failed[OTHERS], "and 1 more");
        assert!(first.keys().all(|unit| manager.failed.contains_key(unit)));
    }
}
