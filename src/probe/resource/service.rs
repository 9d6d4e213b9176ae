//! Services of systemd: one bounded call of `systemctl show` for all of them.
//!
//! A unit that crashes in a loop under `Restart=` is never `failed`: its growing restart count and the state `auto-restart`
//! show it. A unit that failed stays in the snapshots for a while after that, so that rules see how it ended: that it runs
//! again, that it was stopped, or that systemd no longer knows it.

mod beside;
mod other_unit;
mod required;
mod show;
mod time;
mod timer;
mod user_unit;

use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, UNIT_NAME_MAX, clean};
use crate::model::service::{GONE, JOB, STOPPED, Service};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use beside::Beside;
use required::Answer;
use serde::{Deserialize, Serialize};
use show::Unit;
use std::collections::BTreeMap;

/// The section `systemd`: numbers of services by state, of failed units and of jobs.
#[derive(Debug, Default, Serialize)]
struct Systemd {
    services: usize,
    failed: usize,
    restarting: usize,
    /// Failed units of every kind.
    failed_units: usize,
    /// Queued jobs.
    jobs: usize,
}

/// What is kept of a service that has or had failed, or was restarted. An earlier version kept only the first two, as an
/// array.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    restarts: u64,
    /// Its last failure, in seconds since boot; `None`: it did not fail.
    last: Option<f64>,
    /// It failed at the previous snapshot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    failed: bool,
    /// See [`Service::failed_before`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    failed_before: String,
    /// Begin of the start that is in progress, in seconds since boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starting: Option<f64>,
    /// Its file was removed, or it was masked, after it had failed: until the failure is reset, systemd still calls it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
    /// It has failed without a file, or masked, since it is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    orphan: bool,
}

type KeptServices = BTreeMap<String, Kept>;

/// How long a service stays in the snapshots after its last failure, in seconds: rules must see the recovery.
const REMEMBERED_SECONDS: f64 = 3600.0;
/// At least this many snapshots follow the last failure, however far apart they are.
const REMEMBERED_SNAPSHOTS: f64 = 4.0;
/// A service may still be started this long after a boot, and this long by its start command, in seconds.
const STARTING_SECONDS: f64 = 300.0;
/// A failure older than this when osmon first looks is no news, in seconds.
const OLD_SECONDS: i64 = 86_400;

/// The registration.
pub const RESOURCE: Resource = Resource { name: "service", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let named = &run.settings.services;
    let beside = Beside::new(run);
    let output = match run.root.systemctl_show(show::PROPERTIES, named, &beside.units()) {
        Ok(output) => output,
        Err(reason) => {
            keep_earlier(run);
            beside.keep(run);
            return Err(reason);
        }
    };
    let answer = Answer::new(show::parse(&output), named);
    let mut counts = services(run, &answer)?;
    let others = beside.measure(run, &answer.units)?;
    counts.failed_units = counts.failed + others.failed;
    counts.jobs = others.jobs;
    run.add("systemd", &counts)
}

/// A minute without an answer does not forget what failed before it.
fn keep_earlier(run: &mut Measurement<'_>) {
    if let Some((kept, _)) = run.previous::<KeptServices>("service") {
        run.counters.keep("service", &kept);
    }
}

/// Adds the section `service`; returns the numbers of services.
fn services(run: &mut Measurement<'_>, answer: &Answer<'_>) -> Result<Systemd, Absent> {
    let now = run.now.boottime_seconds;
    let is_first = run.earlier.is_none();
    let previous: Option<KeptServices> = run.previous("service").map(|(kept, _)| kept);
    let restarts: Option<BTreeMap<&str, u64>> =
        previous.as_ref().map(|kept| kept.iter().map(|(name, kept)| (name.as_str(), kept.restarts)).collect());
    let remembered = remembered(run, now);
    let mut counts = Systemd::default();
    let (mut shown, mut kept) = (Vec::new(), KeptServices::new());
    for unit in &answer.units {
        let (name, before) = (answer.name_of(unit), remembered.get(&unit.id));
        let is_named = name.is_some();
        if !unit.is_service() && !is_named {
            continue;
        }
        counts.services += usize::from(unit.load == "loaded" || is_named);
        // As `systemctl --failed` counts: also when the file of the unit is gone.
        counts.failed += usize::from(unit.is_service() && unit.active == "failed" && !unit.is_stopped());
        counts.restarting += usize::from(unit.sub.starts_with("auto-restart"));
        // Without a previous snapshot there is no growth. A smaller count was reset meanwhile.
        let known = restarts.as_ref().map_or(unit.restarts, |known| known.get(&*unit.id).copied().unwrap_or(0));
        let new_restarts = unit.restarts.checked_sub(known).unwrap_or(unit.restarts);
        let judge = Judge { unit, is_named, before, new_restarts, now };
        let mut service = judge.service();
        service.alias = name.filter(|name| *name != unit.id).map(|name| clean(name, UNIT_NAME_MAX)).unwrap_or_default();
        let is_pending = !(service.failed || service.active || is_named) && is_booting(before, now);
        if service.failed || is_named || (before.is_some() && !is_pending) {
            let is_old = is_first && service.failed && unit.active == "failed";
            let changed = unit.changed().filter(|changed| (run.now.wall - *changed).num_seconds() > OLD_SECONDS);
            service.failed_before = match changed.filter(|_| is_old) {
                Some(changed) => stamp(changed),
                None => {
                    before.filter(|_| service.failed).map(|before| before.failed_before.clone()).unwrap_or_default()
                }
            };
            kept.insert(unit.id.clone(), judge.kept(&service));
            shown.push(service);
        } else if let Some(before) = before {
            kept.insert(unit.id.clone(), before.clone());
        } else if unit.restarts > 0 {
            kept.insert(unit.id.clone(), Kept { restarts: unit.restarts, ..Kept::default() });
        }
    }
    for (name, before) in remembered.iter().filter(|(name, _)| answer.units.iter().all(|unit| unit.id != **name)) {
        if is_booting(Some(before), now) {
            kept.insert(name.clone(), before.clone());
        } else {
            let gone = Service { service: name.clone(), state: GONE.to_string(), ..Service::default() };
            kept.insert(name.clone(), Kept { last: before.last, ..Kept::default() });
            shown.push(gone);
        }
    }
    run.counters.keep("service", &kept);
    run.add("service", &shown)?;
    Ok(counts)
}

/// The services that failed lately, with times of this boot.
fn remembered(run: &Measurement<'_>, now: f64) -> KeptServices {
    let Some(earlier) = run.earlier else { return KeptServices::new() };
    let is_this_boot = earlier.boot_id == run.snapshot.header.boot_id;
    let kept: KeptServices = earlier.get("service").unwrap_or_default();
    let interval = now - earlier.boottime_seconds;
    let at_that_time = |last: f64| earlier.boottime_seconds - last < REMEMBERED_SECONDS;
    let recent = |kept: &Kept| match kept.last {
        Some(last) if is_this_boot => {
            kept.failed || kept.removed || now - last < REMEMBERED_SECONDS.max(interval * REMEMBERED_SNAPSHOTS)
        }
        Some(last) => kept.failed || at_that_time(last),
        None => is_this_boot && kept.starting.is_some(),
    };
    let of_this_boot = |kept: Kept| match is_this_boot {
        true => kept,
        false => Kept { restarts: 0, last: Some(now), starting: None, ..kept },
    };
    kept.into_iter().filter(|(_, kept)| recent(kept)).map(|(name, kept)| (name, of_this_boot(kept))).collect()
}

/// Returns whether a service that had failed may yet be started after a boot: nothing is known of it until then.
fn is_booting(before: Option<&Kept>, now: f64) -> bool {
    now < STARTING_SECONDS && before.is_some_and(|before| before.failed)
}

/// A unit with everything that decides about its state.
struct Judge<'a> {
    unit: &'a Unit<'a>,
    /// Required by the configuration.
    is_named: bool,
    before: Option<&'a Kept>,
    new_restarts: u64,
    /// Seconds since boot.
    now: f64,
}

impl Judge<'_> {
    fn service(&self) -> Service {
        let unit = self.unit;
        let state = match () {
            () if unit.load != "loaded" && !self.is_orphan() => unit.load,
            () if unit.is_stopped() => STOPPED,
            () => unit.sub,
        };
        Service {
            service: unit.id.clone(),
            active: self.is_active(),
            failed: self.is_failed(),
            state: clean(state, NAME_MAX),
            result: clean(unit.result, NAME_MAX),
            since: clean(unit.since, NAME_MAX),
            kind: if self.is_job() { JOB.to_string() } else { String::new() },
            exit: unit.exit(),
            failed_before: String::new(),
            alias: String::new(),
            restarts: unit.restarts,
            new_restarts: self.new_restarts,
        }
    }

    fn is_active(&self) -> bool {
        matches!(self.unit.active, "active" | "reloading" | "refreshing")
    }

    /// A required service is not judged as a job.
    fn is_job(&self) -> bool {
        self.unit.is_job && !self.is_named
    }

    /// Failed although there is no unit file (any more), or masked, which it was already when it was first seen to fail.
    fn is_orphan(&self) -> bool {
        let is_removal = self.before.is_some_and(|before| before.removed || (before.failed && !before.orphan));
        self.has_failed_unloaded() && !self.is_named && !is_removal
    }

    fn has_failed_unloaded(&self) -> bool {
        self.unit.load != "loaded" && self.unit.active == "failed" && !self.unit.is_stopped()
    }

    fn is_failed(&self) -> bool {
        let (unit, had_failed) = (self.unit, self.before.is_some_and(|before| before.failed));
        let is_failed = unit.load == "loaded" && unit.active == "failed" && !unit.is_stopped();
        if is_failed || self.is_orphan() || unit.sub.starts_with("auto-restart") || self.new_restarts > 0 {
            return true;
        }
        match unit.active {
            _ if self.is_active() => false,
            // Its end decides: a crash loop passes through this state.
            "activating" => {
                had_failed
                    || (self.is_named && self.starting().is_some_and(|since| self.now - since >= STARTING_SECONDS))
            }
            "deactivating" => had_failed || self.is_named,
            _ => self.is_named && !(unit.is_job && unit.load == "loaded" && unit.active == "inactive"),
        }
    }

    fn starting(&self) -> Option<f64> {
        let is_starting = self.unit.active == "activating" && !self.unit.sub.starts_with("auto-restart");
        is_starting.then(|| self.before.and_then(|before| before.starting).unwrap_or(self.now))
    }

    fn kept(&self, service: &Service) -> Kept {
        let last = if service.failed { Some(self.now) } else { self.before.and_then(|before| before.last) };
        Kept {
            restarts: service.restarts,
            last,
            failed: service.failed,
            failed_before: service.failed_before.clone(),
            starting: self.starting(),
            removed: self.has_failed_unloaded() && !self.is_named && !self.is_orphan(),
            orphan: self.is_orphan(),
        }
    }
}
