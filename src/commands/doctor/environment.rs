//! Checks the environment as cron sees it: variables of this shell, and the PATH.

use super::check::Check;
use crate::config::TransportConfig;
use crate::context::Context;
use nix::unistd::geteuid;
use std::path::Path;

/// PATH of cron.
const CRON_PATH: [&str; 2] = ["/usr/bin", "/bin"];

/// Variables and programs as cron sees them, and the configuration.
pub fn checks(context: &Context) -> Vec<Check> {
    let names: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let programs = context.config.alert.routes.iter().filter_map(|route| match &route.transport {
        TransportConfig::Sendmail(sendmail) => Some(sendmail.program.clone()),
        _ => None,
    });
    let mut programs: Vec<String> = programs.filter(|program| !program.is_empty()).collect();
    if context.root.has("run/systemd/system") {
        programs.push("systemctl".to_string());
    }
    programs.dedup();
    let is_there = |path: &str| Path::new(path).exists();
    vec![variables(&names, geteuid().is_root()), path(&programs, is_there), configuration(context)]
}

fn variables(names: &[String], is_root: bool) -> Check {
    let is_lost = |name: &&String| {
        (name.starts_with("OSMON_") && !name.starts_with("OSMON_TEST_"))
            || (!is_root && ["XDG_STATE_HOME", "XDG_CONFIG_HOME"].contains(&name.as_str()))
    };
    let lost: Vec<&str> = names.iter().filter(is_lost).map(String::as_str).collect();
    match lost.is_empty() {
        true => Check::ok("environment", "this shell and cron see the same settings"),
        false => Check::warn(
            "environment",
            format!("{} is set in this shell only; what cron runs does not have it", lost.join(", ")),
            format!("unset {}; osmon doctor", lost.join(" ")),
        ),
    }
}

fn path(programs: &[String], is_there: impl Fn(&str) -> bool) -> Check {
    let is_found = |program: &str| match program.contains('/') {
        true => is_there(program),
        false => CRON_PATH.iter().any(|directory| is_there(&format!("{directory}/{program}"))),
    };
    let missing: Vec<&str> = programs.iter().map(String::as_str).filter(|program| !is_found(program)).collect();
    match missing.is_empty() {
        true => Check::ok("path", "every program is found with the PATH of cron"),
        false => Check::fail(
            "path",
            format!("{} is not found with the PATH of cron (/usr/bin:/bin)", missing.join(", ")),
            format!("write its full path: command -v {}", missing.join(" ")),
        ),
    }
}

fn configuration(context: &Context) -> Check {
    let (problems, warnings) = (&context.problems, context.warnings());
    if let Some(problem) = problems.first() {
        let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
        return Check::fail(
            "configuration",
            format!("{problem}{more}; {} is used", context.instead),
            "osmon config check",
        );
    }
    match warnings.first() {
        Some(warning) => Check::warn("configuration", warning.clone(), "osmon config check"),
        None => Check::ok("configuration", context.configuration_file().unwrap_or("no file: the defaults").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn variables_that_cron_does_not_have_are_named() {
        assert_eq!(variables(&owned(&["PATH", "HOME", "OSMON_TEST_SEED", "XDG_STATE_HOME"]), true).state, State::Ok);
        let own = variables(&owned(&["OSMON_DATA_DIR", "XDG_STATE_HOME"]), false);
        assert!(own.state == State::Warn && own.text.contains("OSMON_DATA_DIR, XDG_STATE_HOME"), "{own:?}");
    }

    #[test]
    fn a_program_has_to_be_on_the_path_of_cron() {
        let is_there = |path: &str| ["/usr/bin/msmtp", "/usr/sbin/sendmail"].contains(&path);
        assert_eq!(path(&owned(&["msmtp", "/usr/sbin/sendmail"]), is_there).state, State::Ok);
        let lost = path(&owned(&["sendmail"]), is_there);
        assert!(lost.state == State::Fail && lost.fix.unwrap().contains("command -v sendmail"));
    }
}
