//! The part of osmon that a scheduled command line runs.

use serde::Serialize;

/// The part of osmon that a scheduled command line runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It measures: `osmon run`, `osmon probe`.
    Minute,
    /// One of the other steps of a minute, as a line of its own: `osmon graph`, `osmon heal`.
    Step,
    /// The dead man's switch: `osmon status --alert`.
    Watch,
}

impl Role {
    /// The role of a shell command line; `None` when it does not run osmon, or only something else of it.
    pub fn of(command: &str) -> Option<Self> {
        let roles: Vec<Self> = command.split([';', '&', '|', '\n']).filter_map(of_simple).collect();
        [Self::Watch, Self::Minute, Self::Step].into_iter().find(|role| roles.contains(role))
    }
}

/// The role of a command without `;`, `&` and `|`.
fn of_simple(command: &str) -> Option<Role> {
    let mut words = command.split(|c: char| c.is_whitespace() || "'\"(){}".contains(c)).filter(|word| !word.is_empty());
    let program = words.find_map(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        (name == "osmon").then_some("").or_else(|| name.strip_prefix("osmon-"))
    })?;
    let words: Vec<&str> = words.collect();
    let is_step = |word: &str| match word {
        "run" | "probe" => Some(Role::Minute),
        "detect-crisis" | "heal" | "send-alert" | "graph" => Some(Role::Step),
        "status" if words.contains(&"--alert") => Some(Role::Watch),
        _ => None,
    };
    if program.is_empty() { words.iter().find_map(|word| is_step(word)) } else { is_step(program) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_of_a_line_is_what_it_runs() {
        let cases = [
            ("/usr/bin/osmon run", Some(Role::Minute)),
            ("nice -n 19 /opt/osmon/osmon --config /etc/o.toml run >/dev/null 2>&1", Some(Role::Minute)),
            ("[ -x /usr/bin/osmon ] && /usr/bin/osmon run", Some(Role::Minute)),
            ("sh -c 'sleep 3; osmon run'", Some(Role::Minute)),
            (
                "/usr/bin/osmon-probe; /usr/bin/osmon-detect-crisis >/dev/null; /usr/bin/osmon-send-alert",
                Some(Role::Minute),
            ),
            ("/usr/bin/osmon-graph", Some(Role::Step)),
            ("/usr/bin/osmon heal -q", Some(Role::Step)),
            ("sleep 40; /usr/bin/osmon status --alert -q; /usr/bin/osmon-send-alert", Some(Role::Watch)),
            ("osmon status -q --alert", Some(Role::Watch)),
            ("osmon status -q || echo trouble", None),
            ("/usr/bin/osmon-backup --force /var/backups/osmon.tar.gz", None),
            ("/usr/bin/tidy /var/lib/osmon", None),
            ("run-parts /etc/cron.hourly", None),
            ("echo cosmon run", None),
        ];
        for (command, role) in cases {
            assert_eq!(Role::of(command), role, "{command}");
        }
    }
}
