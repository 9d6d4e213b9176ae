//! The formats of other systems.

use clap::ValueEnum;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// `config.cfg` of os-monitoring
    OsMonitoring,
    /// `.env` of self-healing-monitor, agent-supervisor and inventory-buildup
    Env,
    /// `servers.yaml` of inventory-buildup
    Servers,
    /// `config.json` of av-monitoring-agent
    AvMonitoring,
    /// `msmtprc`
    Msmtp,
    /// `monitrc`
    Monit,
    /// `munin.conf`, `munin-node.conf` and plugin configurations
    Munin,
}

/// The format that a text has.
pub fn recognise(text: &str) -> Option<Kind> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let first = lines().next()?;
    if first.starts_with('{') {
        return Some(Kind::AvMonitoring);
    }
    let word = |line: &str, at: usize| line.split_whitespace().nth(at).unwrap_or_default().to_ascii_lowercase();
    let begins = |words: &[&str]| lines().any(|line| words.contains(&word(line, 0).as_str()));
    let is_monit = |line: &str| match word(line, 0).as_str() {
        "set" => !line.contains('='),
        "check" => ["system", "process", "filesystem", "device", "file", "host", "program", "network", "directory"]
            .contains(&word(line, 1).as_str()),
        _ => false,
    };
    if lines().any(is_monit) {
        return Some(Kind::Monit);
    }
    let is_assigned =
        |line: &str| line.split_once('=').is_some_and(|(key, _)| is_name(key.trim().trim_start_matches("export ")));
    if lines().any(|line| line.starts_with("seuil_") || line.starts_with("mail_alert")) {
        return Some(Kind::OsMonitoring);
    }
    if lines().any(|line| line.starts_with("servers:")) {
        return Some(Kind::Servers);
    }
    if begins(&["account", "defaults"])
        || (begins(&["host"])
            && begins(&["from", "port", "auth", "tls", "user"])
            && !begins(&["log_level", "cidr_allow"]))
    {
        return Some(Kind::Msmtp);
    }
    let is_munin = |line: &str| {
        let key = word(line, 0);
        key.starts_with("env.")
            || key.starts_with("contact.")
            || key.ends_with(".warning")
            || key.ends_with(".critical")
    };
    if lines().any(is_munin) || begins(&["log_level", "cidr_allow", "dbdir", "use_node_name", "host_name"]) {
        return Some(Kind::Munin);
    }
    lines().all(is_assigned).then_some(Kind::Env)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The error for a text of no known format.
pub fn unknown() -> String {
    let names: Vec<String> = Kind::value_variants()
        .iter()
        .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_string()))
        .collect();
    format!("of no known format; name it with --from ({})", names.join(", "))
}
