//! The state of one service in a snapshot, and what it says in words.

use super::locale::{Key, key};
use super::message::{Arg, Message};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of a service that ends by itself: a one-shot, or the work of a timer.
pub const JOB: &str = "job";
/// State of a service that systemd no longer knows.
pub const GONE: &str = "gone";
/// State of a service whose process was asked to end and ended badly: systemd calls it failed.
pub const STOPPED: &str = "stopped";

/// An element of the section `service`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Name of the unit.
    pub service: String,
    /// It runs.
    pub active: bool,
    /// Failed, in a crash loop, or required by the configuration but not active.
    pub failed: bool,
    /// systemd's sub-state (`running`, `exited`, `failed`, `auto-restart`), the load state of a unit that is not loaded
    /// (`masked`, `not-found`), [`STOPPED`] or [`GONE`].
    pub state: String,
    /// `success`, or the reason of the failure: `exit-code`, `signal`, `oom-kill`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// Time of the last state change, as systemd prints it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// [`JOB`], or empty for a service that is meant to run all the time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// End of the main process of a failed service: `status 203`, `signal 9`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exit: String,
    /// Time of a failure that was older than a day when osmon first looked, RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failed_before: String,
    /// Name under which the configuration requires it, if that is an alias.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// Automatic restarts since the last manual start.
    pub restarts: u64,
    /// Automatic restarts since the previous snapshot.
    pub new_restarts: u64,
}

/// Why an incident of a service is over although the service does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was stopped, disabled, masked, or its failure was reset.
    Stopped,
    /// Its unit is no longer loaded.
    Unloaded,
}

impl Ending {
    /// The word written as the reason of the event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Unloaded => "unloaded",
        }
    }
}

/// The services of a snapshot by name; none where it has no such section.
pub fn of_snapshot(json: &str) -> BTreeMap<String, Service> {
    #[derive(Deserialize)]
    struct Section {
        #[serde(default)]
        service: Vec<Service>,
    }
    let services = serde_json::from_str::<Section>(json).map(|section| section.service).unwrap_or_default();
    services.into_iter().map(|service| (service.service.clone(), service)).collect()
}

impl Service {
    /// Returns whether it is a one-shot or the work of a timer.
    pub fn is_job(&self) -> bool {
        self.kind == JOB
    }

    /// Returns whether its start is in progress.
    pub fn is_starting(&self) -> bool {
        !self.active && (self.state.starts_with("start") || self.state == "condition")
    }

    /// Why it is no problem although it does not run; `None`: it runs, has a problem, or ended as it should.
    pub fn ending(&self) -> Option<Ending> {
        match self.state.as_str() {
            _ if self.failed || self.active => None,
            GONE | "not-found" => Some(Ending::Unloaded),
            // A job that succeeded.
            _ if self.is_job() && self.result == "success" && self.exit.is_empty() => None,
            _ => Some(Ending::Stopped),
        }
    }

    /// The title of its problem, unless it failed; `None` also while it has no problem.
    pub fn title(&self) -> Option<Key> {
        match self.state.as_str() {
            _ if !self.failed || self.active || self.state.starts_with("auto-restart") => None,
            "failed" => None,
            "masked" => Some(key::RULE_SERVICE_MASKED),
            "not-found" => Some(key::RULE_SERVICE_NOT_FOUND),
            _ if self.is_starting() => Some(key::RULE_SERVICE_STARTING),
            _ => Some(key::RULE_SERVICE_STOPPED),
        }
    }

    /// Why it failed and how often it was restarted: `exited with status 203 (EXEC), restarted 12 times`.
    pub fn cause(&self) -> Option<Message> {
        let mut parts: Vec<Arg> = Vec::new();
        parts.extend(self.exit_message().map(Arg::Message));
        parts.extend(self.result_message().map(Arg::Message));
        if self.restarts > 0 {
            parts.push(Message::named("service.restarted").with("count", self.restarts as usize).into());
        }
        (self.failed && self.title().is_none() && !parts.is_empty())
            .then(|| Message::new(key::SERVICE_LIST).with("list", Arg::List { list: parts }))
    }

    fn exit_message(&self) -> Option<Message> {
        let (how, number) = self.exit.split_once(' ')?;
        let code: i32 = number.parse().ok()?;
        let name = if how == "signal" { signal_name(code) } else { status_name(code) };
        let key = match (how, name) {
            ("signal", Some(_)) => key::SERVICE_SIGNAL_NAMED,
            ("signal", None) => key::SERVICE_SIGNAL,
            (_, Some(_)) => key::SERVICE_STATUS_NAMED,
            (_, None) => key::SERVICE_STATUS,
        };
        Some(Message::new(key).with("number", number).with("name", name.unwrap_or_default()))
    }

    fn result_message(&self) -> Option<Message> {
        Some(match self.result.as_str() {
            "oom-kill" => Message::new(key::SERVICE_OUT_OF_MEMORY),
            "core-dump" => Message::new(key::SERVICE_CORE_DUMP),
            "timeout" => Message::new(key::SERVICE_TIMEOUT),
            "watchdog" => Message::new(key::SERVICE_WATCHDOG),
            "start-limit-hit" | "start-limit" => Message::new(key::SERVICE_START_LIMIT),
            "" | "success" | "exit-code" | "signal" => return None,
            other => Message::new(key::SERVICE_RESULT).with("result", other),
        })
    }
}

/// `KILL` for 9 (signal(7)).
fn signal_name(number: i32) -> Option<&'static str> {
    nix::sys::signal::Signal::try_from(number).ok().map(|signal| signal.as_str().trim_start_matches("SIG"))
}

/// The exit statuses of systemd itself (systemd.exec(5)): the program was not even started.
#[rustfmt::skip]
const SETUP: [&str; 46] = [
    "CHDIR", "NICE", "FDS", "EXEC", "MEMORY", "LIMITS", "OOM_ADJUST", "SIGNAL_MASK", "STDIN", "STDOUT", "CHROOT", "IOPRIO",
    "TIMERSLACK", "SECUREBITS", "SETSCHEDULER", "CPUAFFINITY", "GROUP", "USER", "CAPABILITIES", "CGROUP", "SETSID",
    "CONFIRM", "STDERR", "", "PAM", "NETWORK", "NAMESPACE", "NO_NEW_PRIVILEGES", "SECCOMP", "SELINUX_CONTEXT",
    "PERSONALITY", "APPARMOR_PROFILE", "ADDRESS_FAMILIES", "RUNTIME_DIRECTORY", "", "CHOWN", "SMACK_PROCESS_LABEL",
    "KEYRING", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "NUMA_POLICY",
    "CREDENTIALS", "", "BPF",
];

fn status_name(status: i32) -> Option<&'static str> {
    let at = usize::try_from(status.checked_sub(200)?).ok()?;
    SETUP.get(at).copied().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::locale::Locale;
    use super::*;

    #[test]
    fn the_cause_names_status_signal_reason_and_restarts() {
        let cases = [
            ("status 203", "exit-code", 12, "exited with status 203 (EXEC), restarted 12 times"),
            ("status 1", "exit-code", 1, "exited with status 1, restarted once"),
            ("status 245", "exit-code", 0, "exited with status 245 (BPF)"),
            ("signal 9", "signal", 0, "killed by signal 9 (KILL)"),
            ("signal 9", "oom-kill", 0, "killed by signal 9 (KILL), out of memory"),
            ("signal 11", "core-dump", 0, "killed by signal 11 (SEGV), core dumped"),
            ("signal 64", "signal", 0, "killed by signal 64"),
            ("", "timeout", 0, "timed out"),
            ("", "start-limit-hit", 5, "restarted too often: systemd gave up, restarted 5 times"),
            ("", "resources", 0, "resources"),
        ];
        for (exit, result, restarts, expected) in cases {
            let service = Service {
                failed: true,
                state: "failed".into(),
                exit: exit.into(),
                result: result.into(),
                restarts,
                ..Service::default()
            };
            assert_eq!(service.cause().map(|cause| cause.english()).as_deref(), Some(expected));
            assert!(
                service
                    .cause()
                    .unwrap()
                    .render(Locale::Fr)
                    .is_some_and(|french| french != expected || result == "resources")
            );
            assert_eq!(Service { failed: false, ..service }.cause(), None);
        }
        let silent = Service { failed: true, state: "failed".into(), result: "exit-code".into(), ..Service::default() };
        assert_eq!(silent.cause(), None, "an older recording does not say how it ended");
    }

    #[test]
    fn services_are_read_from_any_snapshot() {
        let read = of_snapshot(
            r#"{"schema":1,"service":[{"service":"a.service","active":false,"failed":true,"state":"failed"}]}"#,
        );
        assert!(read["a.service"].failed && read["a.service"].kind.is_empty());
        for other in ["{}", "nonsense", r#"{"service":[{"service":7}]}"#] {
            assert!(of_snapshot(other).is_empty());
        }
    }
}
