//! Limits of other systems as rules.

use super::draft::Draft;
use super::pairs::Pair;

/// A limit of another system.
#[derive(Debug, Clone)]
pub struct LimitOf<'a> {
    /// Its line.
    pub line: usize,
    /// Its key there.
    pub key: &'a str,
    /// The value.
    pub value: f64,
    /// It is the worse one of two.
    pub is_critical: bool,
    /// Key and value of a rule that say how long or how often it must be exceeded.
    pub hold: (&'static str, String),
}

/// The critical limits of default rules that compare percentages.
const CRITICAL: [(&str, f64); 5] = [("cpu", 95.0), ("memory", 95.0), ("disk", 98.0), ("inodes", 98.0), ("swap", 98.0)];

/// A span as a rule writes it.
pub fn span(seconds: u64) -> String {
    if seconds > 0 && seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// Reads a percentage: `80`, `80.5`, `80,5`, `80 %`.
fn percent(text: &str) -> Option<f64> {
    let number = text.trim().trim_end_matches('%').trim().replace(',', ".").parse::<f64>().ok()?;
    (number > 0.0 && number <= 100.0).then_some(number)
}

/// Takes over a threshold in percent whose system told of a single value beyond it.
pub fn of_threshold(draft: &mut Draft, rule: &str, pair: &Pair, is_critical: bool) {
    let (line, key) = (pair.line, pair.key.as_str());
    match percent(&pair.value) {
        Some(value) => {
            let hold = ("for", "0s".to_string());
            of_default_rule(draft, rule, &LimitOf { line, key, value, is_critical, hold });
        }
        None => {
            let why = format!("is no percentage above 0 and up to 100; the default limit of rule.{rule} stays");
            draft.note(line, key, why);
        }
    }
}

/// Sets the limit of a default rule that compares a percentage. A second limit of the same rule is the critical one.
pub fn of_default_rule(draft: &mut Draft, rule: &str, limit: &LimitOf<'_>) {
    let section = format!("rule.{rule}");
    let known = |draft: &Draft, key: &str| draft.get(&section, key).and_then(toml::Value::as_float);
    let (line, value) = (limit.line, limit.value);
    let default = CRITICAL.iter().find(|(name, _)| *name == rule).map_or(100.0, |(_, critical)| *critical);
    match (known(draft, "warning"), known(draft, "critical")) {
        (None, None) if limit.is_critical => draft.set(&section, "critical", value, line),
        (None, None) => {
            draft.set(&section, "warning", value, line);
            // Without a second limit there, this one must not be beyond the default of the other.
            if value > default {
                draft.set(&section, "critical", value, line);
            }
        }
        (Some(warning), _) if value > warning && (limit.is_critical || known(draft, "critical").is_none()) => {
            draft.settings.retain(|setting| setting.section != section || setting.key != "critical");
            draft.set(&section, "critical", value, line);
            critical_hold(draft, &section, limit);
        }
        (None, Some(critical)) if value <= critical && !limit.is_critical => {
            draft.set(&section, "warning", value, line);
        }
        (Some(warning), _) if warning == value => {}
        _ => {
            let message = format!(
                "a rule has two limits, and {section} has its own already; write a rule of your own for {value} %"
            );
            return draft.note(line, limit.key, message);
        }
    }
    // A critical limit below the default warning takes the place of both.
    let warning = match rule {
        "cpu" => 80.0,
        "memory" => 85.0,
        _ => 90.0,
    };
    if limit.is_critical && known(draft, "warning").is_none() && value < warning {
        draft.set(&section, "warning", value, line);
    }
    if draft.get(&section, "for").is_none() && draft.get(&section, "samples").is_none() {
        draft.set(&section, limit.hold.0, limit.hold.1.as_str(), line);
    }
}

/// Sets how long the critical limit of a rule must be exceeded, where that differs from the warning.
fn critical_hold(draft: &mut Draft, section: &str, limit: &LimitOf<'_>) {
    let hold = draft.get(section, "for").and_then(toml::Value::as_str);
    if limit.hold.0 == "for" && hold.is_some_and(|hold| hold != limit.hold.1) {
        draft.set(section, "critical_for", limit.hold.1.as_str(), limit.line);
    }
}

/// A rule besides the default ones.
#[derive(Debug, Clone)]
pub struct OwnRule<'a> {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: &'a str,
    /// Selector of the metric that it compares.
    pub metric: String,
    /// Values below the limit are the bad ones.
    pub is_below: bool,
}

/// Makes a rule of its own.
pub fn own_rule(draft: &mut Draft, rule: &OwnRule<'_>, limit: &LimitOf<'_>) {
    let section = format!("rule.{}", rule.name);
    let line = limit.line;
    if draft.get(&section, "metric").is_none() {
        draft.set(&section, "title", rule.title, line);
        draft.set(&section, "metric", rule.metric.as_str(), line);
        if rule.is_below {
            draft.set(&section, "when", "below", line);
        }
        draft.set(&section, limit.hold.0, limit.hold.1.as_str(), line);
    }
    let level = if limit.is_critical { "critical" } else { "warning" };
    if !limit.is_critical && draft.get(&section, "warning").is_some() && draft.get(&section, "critical").is_none() {
        draft.set(&section, "critical", limit.value, line);
        return critical_hold(draft, &section, limit);
    }
    draft.set(&section, level, limit.value, line);
}

/// A rule on a metric of one file system; its name begins with `begin`.
pub fn mount_rule<'a>(begin: &str, title: &'a str, metric: &str, mount: &str, is_below: bool) -> OwnRule<'a> {
    let plain: String = mount.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = match plain.trim_matches('-') {
        "" => format!("{begin}_root"),
        plain => format!("{begin}_{plain}"),
    };
    OwnRule { name, title, metric: format!("{metric}{{mount=\"{}\"}}", quoted(mount)), is_below }
}

fn quoted(mount: &str) -> String {
    mount.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A rule for one file system. The default rule leaves this one out.
pub fn of_mount(draft: &mut Draft, default: &str, metric: &str, mount: &str, limit: &LimitOf<'_>) {
    let title = if default == "inodes" { "Inodes of {mount}" } else { "File system {mount}" };
    own_rule(draft, &mount_rule(default, title, metric, mount, false), limit);
    let own = (default.to_string(), metric.to_string(), quoted(mount));
    if !draft.own_mounts.contains(&own) {
        draft.own_mounts.push(own);
    }
}
