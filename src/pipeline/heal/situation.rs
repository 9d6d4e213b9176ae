//! The state of the host as a whole, at the moment of the decision.

use crate::base::text::NAME_MAX;
use crate::base::text::clean;
use crate::context::Context;
use crate::crisis::State;
use crate::heal::moment::HOUR;
use crate::heal::situation::Situation;
use crate::heal::state::HealState;
use crate::model::snapshot::Snapshot;
use crate::query::clock;
use std::path::PathBuf;

/// Name of the file beside the configuration that switches healing off.
const DISABLED: &str = "heal.disabled";
/// The clock was set this recently, in seconds: it counts as in doubt.
const JUST_SET: f64 = 300.0;
/// Metrics that show tasks waiting, the value from which that is harm, and what waits.
const HARM: [(&str, f64, &str); 4] = [
    ("pressure.memory.some_avg60_percent", 10.0, "tasks waited for memory"),
    ("pressure.io.some_avg60_percent", 20.0, "tasks waited for disks"),
    ("pressure.cpu.some_avg60_percent", 20.0, "tasks waited for a CPU"),
    ("load.one_per_core", 1.5, "load per core"),
];

/// Gathers the situation. Reads `/proc` and asks systemd, so it is called only when there is something to decide.
pub(super) fn gather(context: &Context, state: &HealState, crisis: &State, snapshot: Option<&Snapshot>) -> Situation {
    let (now, boot_id, clock) = (context.now, context.root.boot_id(), clock::trust(context));
    // The rules judged it: a snapshot that was not judged is no evidence.
    let judged = crisis.last.filter(|_| crisis.boot_id == boot_id);
    let value = |name: &str| snapshot.and_then(|snapshot| snapshot.value(name));
    let swapped = [value("swap.in_bytes_per_second"), value("swap.out_bytes_per_second")];
    let resets = state
        .targets
        .iter()
        .filter(|target| target.start_limit_reset.is_some_and(|reset| reset.age_seconds(&now) < HOUR));
    Situation {
        snapshot_age_seconds: judged.map(|last| (now.boottime_seconds - last.boottime_seconds).max(0.0)),
        interval_seconds: crisis.spacing.seconds(),
        snapshots_since_gap: state.streak,
        clock_doubt: !clock.is_steady() || state.clock_set.is_some_and(|set| set.age_seconds(&now) < JUST_SET),
        is_clock_believed: clock.is_believed(),
        clock_set_seconds: state.clock_set.map(|set| set.age_seconds(&now)),
        system_state: context.root.system_state(),
        package_work: context.root.package_work(),
        memory_full_percent: value("pressure.memory.full_avg60_percent"),
        swap_bytes_per_second: swapped.into_iter().flatten().reduce(|a, b| a + b),
        harm: HARM.iter().find_map(|(name, least, what)| {
            let value = value(name).filter(|value| value >= least)?;
            Some(format!("{what}: {}", crate::base::units::metric_value(name, value)))
        }),
        disabled_by: disabled_by(context),
        pause: state.pause_at(&now).cloned(),
        is_fallback: !context.problems.is_empty(),
        own_paths: own_paths(context),
        unkillable: state.unkillable.iter().map(|process| (process.pid, process.start_ticks)).collect(),
        start_limit_resets: resets.map(|target| target.target.clone()).collect(),
        ..Situation::calm(context.root.clone(), now)
    }
}

/// The file that switches healing off.
pub(super) fn disabled_by(context: &Context) -> Option<String> {
    let path = context.configuration_path().with_file_name(DISABLED);
    // One that cannot be looked at counts as present.
    let is_there = path.try_exists().unwrap_or(true);
    is_there.then(|| clean(&path.display().to_string(), NAME_MAX))
}

/// Files and directories of osmon itself.
fn own_paths(context: &Context) -> Vec<PathBuf> {
    vec![context.store.directory().to_path_buf(), context.report_path(), context.configuration_path().to_path_buf()]
}
