//! The tests of a `monitrc`: `if memory usage > 75% for 5 cycles then alert`.

use super::draft::Draft;
use super::limits::{LimitOf, OwnRule, mount_rule, of_default_rule, of_mount, own_rule, span};
use super::monit_tokens::Word;

/// The thing that a test is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The host.
    System,
    /// The file system with this mount point.
    Mount(String),
    /// A process.
    Process,
}

/// Words that mean nothing.
const NOISE: [&str; 12] = ["is", "as", "are", "on", "only", "using", "use", "used", "than", "the", "program", "usage"];

/// Takes a test over; `words` are those behind `if`.
pub fn test(subject: &Subject, words: &[Word], interval: u64, draft: &mut Draft) {
    let Some(line) = words.first().map(|word| word.line) else { return };
    let then = words.iter().position(|word| word.is("then")).unwrap_or(words.len());
    let (condition, action) = words.split_at_checked(then).unwrap_or((words, &[]));
    let lower: Vec<String> = condition
        .iter()
        .map(|word| word.text.to_ascii_lowercase())
        .filter(|word| !NOISE.contains(&word.as_str()))
        .collect();
    let condition: Vec<&str> = lower.iter().map(String::as_str).collect();
    // What follows `failed` may hold a password.
    let shown = condition.iter().position(|word| *word == "failed").map_or(condition.len(), |at| at + 1);
    let key = format!("if {}", condition.get(..shown).unwrap_or_default().join(" "));
    let taken = one(subject, &condition, &key, line, interval, draft);
    if let Err(why) = taken {
        return draft.note(line, &key, why);
    }
    if let Some(action) = action.get(1).filter(|action| !action.is("alert")) {
        draft.note(
            action.line,
            &key,
            format!("then {}: osmon notifies, and does nothing else", action.text.to_ascii_lowercase()),
        );
    }
}

fn one(
    subject: &Subject,
    condition: &[&str],
    key: &str,
    line: usize,
    interval: u64,
    draft: &mut Draft,
) -> Result<(), String> {
    if *subject == Subject::Process {
        return Err(
            "tests of single processes and ports are not taken over; units are shown with their use of CPU and memory"
                .to_string(),
        );
    }
    let at = condition
        .iter()
        .position(|word| operator(word).is_some())
        .ok_or("has no limit that osmon could compare; keep monit for it")?;
    let (what, rest) = condition.split_at_checked(at).unwrap_or((condition, &[]));
    let is_above = rest.first().and_then(|word| operator(word)).unwrap_or(true);
    let (value, unit, used) = number(rest.get(1..).unwrap_or_default()).ok_or("its limit is no number")?;
    let hold =
        hold(rest.get(1 + used..).unwrap_or_default(), interval).ok_or("its number of cycles is not understood")?;
    if hold.0 == "samples" && interval != 60 {
        draft.note(line, key, format!("its cycles of {interval} s became samples = {:?} of a minute each", hold.1));
    }
    let limit = |value: f64| LimitOf { line, key, value, is_critical: false, hold: hold.clone() };
    let own = |name: &str, title: &'static str, metric: &str, is_below: bool| OwnRule {
        name: name.to_string(),
        title,
        metric: metric.to_string(),
        is_below,
    };
    let is_percent = unit == Unit::Percent;
    match (subject, what, is_above) {
        (Subject::System, ["loadavg", span, per @ ..], true) => {
            let (name, span) = match *span {
                "1min" => ("one", "1 minute"),
                "5min" => ("five", "5 minutes"),
                "15min" => ("fifteen", "15 minutes"),
                _ => return Err("is not understood".to_string()),
            };
            let per_core = if per.contains(&"core") { "_per_core" } else { "" };
            let title = if span == "1 minute" {
                "Load (1 minute)"
            } else if span == "5 minutes" {
                "Load (5 minutes)"
            } else {
                "Load (15 minutes)"
            };
            own_rule(
                draft,
                &own(&format!("load_{name}{per_core}"), title, &format!("load.{name}{per_core}"), false),
                &limit(value),
            );
        }
        (Subject::System, ["cpu"], true) if is_percent => of_default_rule(draft, "cpu", &limit(value)),
        (Subject::System, ["cpu", "user"], true) if is_percent => {
            own_rule(draft, &own("cpu_user", "CPU of programs", "cpu.user_percent", false), &limit(value));
        }
        (Subject::System, ["cpu", "system"], true) if is_percent => {
            own_rule(draft, &own("cpu_system", "CPU of the kernel", "cpu.system_percent", false), &limit(value));
        }
        (Subject::System, ["cpu", "wait"], true) if is_percent => {
            own_rule(draft, &own("cpu_wait", "Waiting for disks", "cpu.iowait_percent", false), &limit(value));
        }
        (Subject::System, [name @ ("memory" | "swap")], true) if is_percent => {
            of_default_rule(draft, name, &limit(value));
        }
        (Subject::System, ["memory"], true) => {
            own_rule(draft, &own("memory_bytes", "Memory", "memory.used_bytes", false), &limit(value));
        }
        (Subject::System, ["swap"], true) => {
            own_rule(draft, &own("swap_bytes", "Swap", "swap.used_bytes", false), &limit(value));
        }
        (Subject::Mount(mount), ["space"], true) if is_percent => {
            of_mount(draft, "disk", "disk.used_percent", mount, &limit(value));
        }
        (Subject::Mount(mount), ["space", "free"], false) if is_percent => {
            of_mount(draft, "disk", "disk.used_percent", mount, &limit(100.0 - value));
        }
        (Subject::Mount(mount), ["inode" | "inodes"], true) if is_percent => {
            of_mount(draft, "inodes", "disk.inodes_used_percent", mount, &limit(value));
        }
        (Subject::Mount(mount), ["inode" | "inodes", "free"], false) if is_percent => {
            of_mount(draft, "inodes", "disk.inodes_used_percent", mount, &limit(100.0 - value));
        }
        (Subject::Mount(mount), ["space"], true) => {
            let rule = mount_rule("disk_used", "Used on {mount}", "disk.used_bytes", mount, false);
            own_rule(draft, &rule, &limit(value));
        }
        (Subject::Mount(mount), ["space", "free"], false) => {
            let rule = mount_rule("disk_free", "Free on {mount}", "disk.available_bytes", mount, true);
            own_rule(draft, &rule, &limit(value));
        }
        (Subject::Mount(mount), ["inode" | "inodes", "free"], false) => {
            let rule = mount_rule("inodes_free", "Free inodes of {mount}", "disk.inodes_free", mount, true);
            own_rule(draft, &rule, &limit(value));
        }
        _ => return Err("has no counterpart; keep monit for it".to_string()),
    }
    Ok(())
}

/// Returns whether values above the limit are the bad ones; `None`: no comparison.
fn operator(word: &str) -> Option<bool> {
    match word {
        ">" | ">=" | "gt" | "ge" | "greater" | "exceeds" => Some(true),
        "<" | "<=" | "lt" | "le" | "less" => Some(false),
        _ => None,
    }
}

/// The unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    None,
    Percent,
    Bytes,
}

/// A number with its unit, and of how many words it is made.
fn number(words: &[&str]) -> Option<(f64, Unit, usize)> {
    let first = words.first()?;
    let end = first.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(first.len());
    let (digits, tail) = first.split_at_checked(end)?;
    let value: f64 = digits.parse().ok().filter(|value: &f64| value.is_finite())?;
    let unit = |text: &str| match text {
        "%" | "percent" => Some((1.0, Unit::Percent)),
        "b" | "byte" | "bytes" => Some((1.0, Unit::Bytes)),
        "kb" | "kilobyte" | "kilobytes" => Some((1024.0, Unit::Bytes)),
        "mb" | "megabyte" | "megabytes" => Some((1024.0 * 1024.0, Unit::Bytes)),
        "gb" | "gigabyte" | "gigabytes" => Some((1024.0 * 1024.0 * 1024.0, Unit::Bytes)),
        "tb" | "terabyte" | "terabytes" => Some((1024.0 * 1024.0 * 1024.0 * 1024.0, Unit::Bytes)),
        _ => None,
    };
    let (factor, kind, used) = match (tail, words.get(1).and_then(|word| unit(word))) {
        ("", Some((factor, kind))) => (factor, kind, 2),
        ("", None) => (1.0, Unit::None, 1),
        (tail, _) => unit(tail).map(|(factor, kind)| (factor, kind, 1))?,
    };
    Some((value * factor, kind, used))
}

/// `for 5 cycles`, `3 times within 5 cycles`, `for 3 times within 5 cycles`, `5 cycles`: key and value of a rule.
fn hold(words: &[&str], interval: u64) -> Option<(&'static str, String)> {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !["for", "within", "times", "time", "cycles", "cycle"].contains(word))
        .collect();
    match words.as_slice() {
        [] => Some(("for", "0s".to_string())),
        [cycles] => match cycles.parse::<u64>().ok()? {
            0 | 1 => Some(("for", "0s".to_string())),
            cycles => Some(("for", span(cycles.checked_mul(interval).filter(|seconds| *seconds <= 7 * 86_400)?))),
        },
        [times, cycles] => {
            let (times, cycles): (u64, u64) = (times.parse().ok()?, cycles.parse().ok()?);
            let minutes = |cycles: u64| cycles.saturating_mul(interval).div_ceil(60);
            let of = minutes(cycles).min(32);
            // A rule looks back at most 32 snapshots; the share stays.
            let breaches = if minutes(cycles) > 32 { (times * 32).div_ceil(cycles) } else { minutes(times) };
            (1 <= times && times <= cycles && cycles <= 1000)
                .then(|| ("samples", format!("{} of {of}", breaches.clamp(1, of))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_cycles_are_converted() {
        for (words, expected) in [
            (&["75%"][..], (75.0, Unit::Percent, 1)),
            (&["75", "%", "for"], (75.0, Unit::Percent, 2)),
            (&["4.5"], (4.5, Unit::None, 1)),
            (&["2", "gb"], (2_147_483_648.0, Unit::Bytes, 2)),
            (&["512mb"], (536_870_912.0, Unit::Bytes, 1)),
        ] {
            assert_eq!(number(words), Some(expected), "{words:?}");
        }
        assert_eq!((number(&["many"]), number(&["1parsec"]), number(&[])), (None, None, None));
        for (words, interval, expected) in [
            (&[][..], 30, Some(("for", "0s"))),
            (&["for", "5", "cycles"], 60, Some(("for", "5m"))),
            (&["for", "5", "cycles"], 30, Some(("for", "150s"))),
            (&["within", "2", "cycles"], 120, Some(("for", "4m"))),
            (&["for", "1", "cycle"], 60, Some(("for", "0s"))),
            (&["3", "times", "within", "5", "cycles"], 60, Some(("samples", "3 of 5"))),
            (&["3", "times", "within", "5", "cycles"], 120, Some(("samples", "6 of 10"))),
            (&["10", "times", "within", "40", "cycles"], 60, Some(("samples", "8 of 32"))),
            (&["5", "times", "within", "3", "cycles"], 60, None),
            (&["for", "99999999999999999999", "cycles"], 60, None),
            (&["for", "999999", "cycles"], 60, None),
        ] {
            let found = hold(words, interval);
            assert_eq!(found.as_ref().map(|(key, value)| (*key, value.as_str())), expected, "{words:?}");
        }
    }
}
