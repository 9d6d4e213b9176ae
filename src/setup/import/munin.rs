//! `munin.conf`, `munin-node.conf` and the configurations of its plugins: recipients, warning and critical limits.

use super::draft::Draft;
use super::limits::{LimitOf, OwnRule, of_default_rule, own_rule};

/// Reads one. `cores`: processors of the host; munin counts 100 % for each.
pub fn read(text: &str, cores: usize, draft: &mut Draft) {
    let mut section = String::new();
    for (line, bare) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = name.trim().to_string();
            continue;
        }
        let (key, value) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
        one(draft, &section, line, key, value.trim(), cores);
    }
}

fn one(draft: &mut Draft, section: &str, line: usize, key: &str, value: &str, cores: usize) {
    if let Some(name) = key.strip_prefix("contact.").and_then(|rest| rest.strip_suffix(".command")) {
        let words = value.split([' ', '\t', '"', '\'']);
        let addresses: Vec<&str> =
            words.filter(|word| word.contains('@') && !word.starts_with('$') && !word.contains("${")).collect();
        if addresses.is_empty() {
            return draft.note(line, key, format!("the command of {name} names no address; osmon calls a program only for mails ([alert.sendmail]), else it has routes"));
        }
        return draft.recipients(&addresses.join(" "), line, key);
    }
    // `[df*]` and `env.warning 92` of a plugin, or `df.warning 92` of a host.
    let (plugin, field) = match key.strip_prefix("env.") {
        Some(field) => (section.trim_end_matches('*').trim_end_matches('_'), field),
        None => key.split_once('.').unwrap_or(("", key)),
    };
    let (field, is_critical) = match (strip(field, "warning"), strip(field, "critical")) {
        (Some(field), _) => (field, false),
        (_, Some(field)) => (field, true),
        _ => return draft.note(line, key, without_limit(key)),
    };
    let Some(value) = upper_limit(value) else {
        return draft.note(
            line,
            key,
            "has no upper limit that osmon could compare; write a rule with when = \"below\"",
        );
    };
    let mut limit = LimitOf { line, key, value, is_critical, hold: ("for", "0s".to_string()) };
    let own = |name: &str, title: &'static str, metric: &str| OwnRule {
        name: name.to_string(),
        title,
        metric: metric.to_string(),
        is_below: false,
    };
    match (plugin, field) {
        ("df", "") => of_default_rule(draft, "disk", &limit),
        ("df_inode", "") => of_default_rule(draft, "inodes", &limit),
        ("df" | "df_inode", _) => draft.note(
            line,
            key,
            "names a device; write a rule for its mount point: metric = 'disk.used_percent{mount=\"/…\"}'",
        ),
        ("load", "" | "load") => own_rule(draft, &own("load_five", "Load (5 minutes)", "load.five"), &limit),
        ("cpu", "user" | "system" | "iowait" | "steal" | "nice" | "irq" | "softirq") => {
            limit.value /= cores.max(1) as f64;
            let title = match field {
                "user" => "CPU of programs",
                "system" => "CPU of the kernel",
                "iowait" => "Waiting for disks",
                _ => "CPU",
            };
            own_rule(draft, &own(&format!("cpu_{field}"), title, &format!("cpu.{field}_percent")), &limit);
        }
        ("memory", "apps" | "used") => own_rule(draft, &own("memory_bytes", "Memory", "memory.used_bytes"), &limit),
        ("memory", "swap") => own_rule(draft, &own("swap_bytes", "Swap", "swap.used_bytes"), &limit),
        ("open_files", "used") => {
            own_rule(draft, &own("open_files", "Open files of the host", "file_handle.used"), &limit);
        }
        ("processes", "processes") => {
            own_rule(draft, &own("processes", "Number of processes", "process.total"), &limit);
        }
        _ => draft.note(
            line,
            key,
            "is a limit of a plugin that osmon does not know; see docs/metrics.md for what it measures",
        ),
    }
}

/// The name of the field before `.warning` or `_warning`; empty: none.
fn strip<'a>(field: &'a str, level: &str) -> Option<&'a str> {
    field.strip_suffix(level).map(|rest| rest.trim_end_matches(['.', '_']))
}

/// `92`, `:92` or `10:92`: a range of good values.
fn upper_limit(text: &str) -> Option<f64> {
    let upper = text.rsplit(':').next()?.trim().trim_end_matches('%');
    upper.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0)
}

fn without_limit(key: &str) -> &'static str {
    match key {
        "host" | "port" | "allow" | "cidr_allow" | "deny" | "cidr_deny" | "host_name" | "background" | "setsid" => {
            "there is no server: nobody asks osmon for data over the network"
        }
        "address" | "use_node_name" | "includedir" => "each host watches itself: install osmon there",
        "log_file" | "log_level" | "logdir" | "dbdir" | "htmldir" | "rundir" | "tmpldir" | "staticdir" | "pid_file" => {
            "is not needed: osmon keeps its history in data_dir, and the page in [report] path"
        }
        "user" | "group" | "timeout" | "ignore_file" => "is not needed: osmon reads the kernel itself",
        key if key.starts_with("contact") => {
            "when a contact is notified of what is set by rules and routes (docs/alerts.md)"
        }
        _ => "has no counterpart",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_an_upper_limit() {
        for (text, expected) in [
            ("92", Some(92.0)),
            (":92", Some(92.0)),
            ("10:92.5", Some(92.5)),
            ("10:", None),
            ("x", None),
            ("nan", None),
            ("98%", Some(98.0)),
        ] {
            assert_eq!(upper_limit(text), expected, "{text}");
        }
        assert_eq!(
            (
                strip("warning", "warning"),
                strip("load_warning", "warning"),
                strip("_dev_sda1.warning", "warning"),
                strip("x", "warning")
            ),
            (Some(""), Some("load"), Some("_dev_sda1"), None)
        );
    }
}
