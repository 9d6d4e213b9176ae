//! Whether the processes of other users are hidden from osmon: the option `hidepid` of proc(5).

use crate::probe::measurement::Measurement;

/// Why the visible processes are not all; `None`: they are. `threads`: the visible ones; `sees_first`: process 1 is visible.
pub fn reason(run: &Measurement<'_>, threads: u64, sees_first: bool) -> Option<String> {
    let tasks = run.tasks.filter(|_| !run.facts.is_container());
    // Processes begin and end while they are counted, so only a large difference says something.
    let are_few = tasks.is_some_and(|tasks| threads < tasks / 2);
    if sees_first && !are_few {
        return None;
    }
    let is_option = run.root.hides_processes();
    if !is_option && (sees_first || !are_few) {
        return None;
    }
    let seen = tasks.map_or_else(|| format!("{threads} threads"), |tasks| format!("{threads} of {tasks} threads"));
    let why = if is_option { "the mount option hidepid" } else { "process 1 may not be read" };
    Some(format!("the processes of other users are hidden ({why}): {seen} are visible"))
}
