//! The text of a crontab. Lines that do not run osmon are never changed.

use super::role::Role;

/// A line that runs osmon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, from 1.
    pub line: usize,
    /// The part of osmon that it runs.
    pub role: Role,
    /// The time fields.
    pub when: String,
    /// The command, without the user.
    pub command: String,
}

/// The lines that run osmon. `has_user`: lines name a user before the command (`/etc/crontab`, `/etc/cron.d`).
pub fn jobs(text: &str, has_user: bool) -> Vec<Job> {
    let numbered = text.lines().enumerate();
    numbered.filter_map(|(at, line)| Some(Job { line: at + 1, ..job(line, has_user)? })).collect()
}

fn job(line: &str, has_user: bool) -> Option<Job> {
    let (when, rest) = split_time(line)?;
    let command = if has_user { rest.trim_start().split_once(char::is_whitespace)?.1 } else { rest };
    let command = command.trim().to_string();
    Some(Job { line: 0, role: Role::of(&command)?, when, command })
}

/// The time fields of a line, with one space between them, and the rest.
fn split_time(line: &str) -> Option<(String, &str)> {
    let mut rest = line.trim();
    // A setting (NAME = value) begins with a letter or a quote; no time field does, except a macro's @.
    if rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@') {
        return None;
    }
    let mut fields = Vec::new();
    for _ in 0..if rest.starts_with('@') { 1 } else { 5 } {
        let (field, after) = rest.split_once(char::is_whitespace)?;
        fields.push(field);
        rest = after.trim_start();
    }
    Some((fields.join(" "), rest))
}

/// Returns whether a text has only comments and empty lines.
pub fn is_idle(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// The text without some of its lines.
pub fn without(text: &str, lines: &[usize]) -> String {
    let kept = text.split_inclusive('\n').enumerate().filter(|(at, _)| !lines.contains(&(at + 1)));
    kept.map(|(_, line)| line).collect()
}

/// The text with a line added at its end.
pub fn with(text: &str, line: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}{line}\n")
}

/// The text with other time fields in one line; the rest of the line stays as it is.
pub fn retimed(text: &str, line: usize, when: &str) -> String {
    let change = |(at, old): (usize, &str)| match split_time(old) {
        Some((_, rest)) if at + 1 == line => {
            format!("{when} {}{}", rest.trim_end(), if old.ends_with('\n') { "\n" } else { "" })
        }
        _ => old.to_string(),
    };
    text.split_inclusive('\n').enumerate().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "MAILTO=me\n# osmon run\n0 3 * * * /usr/bin/tidy\n\n*/2  * * * *\tnice osmon run # own\n@reboot osmon graph\n";

    #[test]
    fn lines_that_run_osmon_are_found_and_taken_out_and_no_others() {
        let found = jobs(OWN, false);
        let expected =
            [(5, Role::Minute, "*/2 * * * *", "nice osmon run # own"), (6, Role::Step, "@reboot", "osmon graph")];
        assert_eq!(
            found.iter().map(|job| (job.line, job.role, job.when.as_str(), job.command.as_str())).collect::<Vec<_>>(),
            expected
        );
        assert_eq!(without(OWN, &[5, 6]), "MAILTO=me\n# osmon run\n0 3 * * * /usr/bin/tidy\n\n");
        assert_eq!(without("a\nb", &[2]), "a\n");
    }

    #[test]
    fn the_user_of_a_system_crontab_is_no_part_of_the_command() {
        let found = jobs(
            "* * * * * root /usr/bin/osmon run\n@hourly root osmon probe\n#* * * * * root osmon run\n* * * * root\n",
            true,
        );
        let commands: Vec<&str> = found.iter().map(|job| job.command.as_str()).collect();
        assert_eq!(commands, ["/usr/bin/osmon run", "osmon probe"]);
    }

    #[test]
    fn only_the_time_of_one_line_changes() {
        let changed = retimed(OWN, 5, "*/5 * * * *");
        assert_eq!(changed, OWN.replace("*/2  * * * *\tnice", "*/5 * * * * nice"));
        assert_eq!(retimed("@hourly osmon run", 1, "* * * * *"), "* * * * * osmon run");
        assert_eq!(with("a", "b"), "a\nb\n");
        assert!(is_idle("# a\n\n  # b\n") && !is_idle("PATH=/bin\n"));
    }
}
