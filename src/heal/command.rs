//! Runs a command: no shell, a time limit, and the incident as JSON on standard input.

use super::actuator::Actuator;
use super::by_incident;
use super::case::Case;
use super::finished;
use super::guard::{Guard, Refusal};
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::base::clock::stamp;
use crate::base::text::{clean, shell_word};
use crate::host::program;
use crate::model::action::{Mode, Outcome, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Longest command line that is shown, in characters.
const LINE_MAX: usize = 200;
/// Time for starting and ending a command, besides its own time limit.
const AROUND: Duration = Duration::from_secs(1);
/// A command with a longer time limit is begun when this much is left, and gets what is left.
const ENOUGH: Duration = Duration::from_secs(20);

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct RunCommand {
    /// Name of the entry, which the command is told.
    pub entry: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Time limit.
    pub timeout: Duration,
}

/// Standard input of a command: one JSON object, then the end of the file.
#[derive(Serialize)]
struct Evidence<'a> {
    incident: &'a str,
    rule: &'a str,
    title: &'a str,
    metric: &'a str,
    value: f64,
    limit: f64,
    since: String,
    host: String,
    entry: &'a str,
    mode: &'static str,
}

impl RunCommand {
    fn program(&self) -> &str {
        self.command.first().map(String::as_str).unwrap_or_default()
    }

    /// The command as one would type it, in full.
    fn line(&self) -> String {
        let words: Vec<String> = self.command.iter().map(|word| shell_word(word)).collect();
        clean(&words.join(" "), usize::MAX)
    }

    fn refusals(&self, situation: &Situation) -> Vec<Refusal> {
        let objection = program::objection(self.program(), situation.root.own_uid());
        objection.map(|detail| Refusal::with(Guard::ProgramRefused, detail)).into_iter().collect()
    }

    fn evidence(&self, case: &Case, situation: &Situation) -> Vec<u8> {
        let evidence = Evidence {
            incident: &case.incident,
            rule: &case.rule,
            title: &case.title,
            metric: &case.metric,
            value: case.value,
            limit: case.limit,
            since: stamp(case.since),
            host: situation.root.host_name(),
            entry: &self.entry,
            mode: Mode::Enforce.word(),
        };
        let mut line = serde_json::to_vec(&evidence).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

impl Repair for RunCommand {
    fn candidates(&self, _: &Case, situation: &Situation) -> Vec<Candidate> {
        let target = Target { name: self.line(), ..Target::default() };
        vec![Candidate { target, refused: self.refusals(situation), sighting: String::new() }]
    }

    fn act(&self, _: &Target, case: &Case, situation: &Situation, actuator: &dyn Actuator, until: Instant) -> Outcome {
        // Somebody may have changed the program since the decision.
        if let Some(refusal) = self.refusals(situation).into_iter().next() {
            return Outcome::new(Status::Failed, refusal.message);
        }
        let left = until.saturating_duration_since(Instant::now()).saturating_sub(AROUND);
        if left.is_zero() {
            return Outcome::new(Status::Failed, Message::new(key::REPAIR_NO_TIME));
        }
        let limit = self.timeout.min(left);
        let arguments = self.command.get(1..).unwrap_or_default();
        let done = actuator.run(self.program(), arguments, self.evidence(case, situation), limit);
        if actuator.is_dry() {
            let message = Message::new(key::REPAIR_COMMAND_WOULD_RUN).with("command", clean(&self.line(), LINE_MAX));
            return Outcome::new(Status::Simulated, message);
        }
        finished::outcome(self.program(), done, limit)
    }

    fn verify(
        &self,
        _: &Target,
        _: &Outcome,
        since: f64,
        healthy: f64,
        is_open: Option<bool>,
        _: &Situation,
    ) -> Verdict {
        by_incident::verdict(since, healthy, is_open)
    }

    fn least_seconds(&self) -> u64 {
        (self.timeout.min(ENOUGH) + AROUND).as_secs()
    }

    fn missing_right(&self, _: &Situation) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Now, parse};
    use crate::heal::actuator;
    use crate::heal::recorded::write_program;
    use crate::host::Root;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn case() -> Case {
        Case {
            incident: "disk-1".to_string(),
            rule: "disk".to_string(),
            metric: "disk.used_percent{mount=\"/a \\\"b\"}".to_string(),
            title: "/a is full".to_string(),
            value: 97.5,
            limit: 95.0,
            since: parse("2026-11-20T21:40:00Z").unwrap(),
            ..Case::default()
        }
    }

    fn repair(directory: &Path, script: &str, arguments: &[&str]) -> RunCommand {
        let program = directory.join("repair");
        write_program(&program, script);
        let command = [&[program.to_str().unwrap()], arguments].concat().into_iter().map(str::to_string).collect();
        RunCommand { entry: "free".to_string(), command, timeout: Duration::from_secs(5) }
    }

    fn act(repair: &RunCommand, mode: Mode) -> Outcome {
        let situation = Situation::calm(Root::new(None), Now::read());
        let until = Instant::now() + Duration::from_secs(20);
        repair.act(&Target::default(), &case(), &situation, actuator::of(mode), until)
    }

    #[test]
    fn the_command_reads_the_incident_and_its_output_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let script = "cat; printf 'one \\033[31m\\n\\n two' ; echo \"$1|$#\" >&2";
        // Arguments are passed as they are: there is no shell.
        let run = repair(directory.path(), script, &["$HOME; touch x"]);
        let outcome = act(&run, Mode::Enforce);
        assert_eq!(outcome.status, Status::Done, "{outcome:?}");
        assert!(outcome.text.ends_with("/repair exited with 0"), "{}", outcome.text);
        let read: serde_json::Value = serde_json::from_str(&outcome.examples[0]).unwrap_or_default();
        // The line is longer than what is kept of one.
        assert!(read.is_null() && outcome.examples[0].starts_with("{\"incident\":\"disk-1\",\"rule\":\"disk\""));
        assert_eq!(outcome.examples[1..], ["one \u{FFFD}[31m", "two", "$HOME; touch x|1"]);
        let evidence: serde_json::Value =
            serde_json::from_slice(&run.evidence(&case(), &Situation::calm(Root::new(None), Now::read()))).unwrap();
        assert_eq!(evidence["metric"], case().metric);
        assert_eq!((&evidence["value"], &evidence["limit"]), (&97.5.into(), &95.0.into()));
        assert_eq!(evidence["since"], "2026-11-20T21:40:00.000Z");
        assert_eq!((&evidence["entry"], &evidence["mode"]), (&"free".into(), &"enforce".into()));
        assert_eq!(evidence["host"], Root::new(None).host_name());
    }

    #[test]
    fn failures_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        for (script, end) in
            [("exit 3", "exited with 3"), ("kill -9 $$", "signal 9 ended"), ("echo x; exit 1", "exited with 1")]
        {
            let outcome = act(&repair(directory.path(), script, &[]), Mode::Enforce);
            assert_eq!(outcome.status, Status::Failed);
            assert!(outcome.text.contains(end), "{}", outcome.text);
        }
        let slow = RunCommand { timeout: Duration::from_millis(100), ..repair(directory.path(), "sleep 60", &[]) };
        let begun = Instant::now();
        let outcome = act(&slow, Mode::Enforce);
        assert!(outcome.text.contains("and was killed") && outcome.status == Status::Failed, "{}", outcome.text);
        assert!(begun.elapsed() < Duration::from_secs(10));
        let binary = repair(directory.path(), "", &[]);
        fs::write(directory.path().join("repair"), "#!/nonexistent\n").unwrap();
        let outcome = act(&binary, Mode::Enforce);
        assert!(outcome.text.contains("cannot be started") && outcome.status == Status::Failed, "{}", outcome.text);
    }

    #[test]
    fn long_commands_are_told_apart_by_their_ends() {
        let directory = tempfile::tempdir().unwrap();
        let long = "x".repeat(400);
        let names = ["a", "b"].map(|end| {
            let run = repair(directory.path(), "exit 0", &[&long, end]);
            run.candidates(&case(), &Situation::calm(Root::new(None), Now::read()))[0].target.name.clone()
        });
        assert!(names[0].ends_with("xx a") && names[1].ends_with("xx b"), "{names:?}");
        let shown = act(&repair(directory.path(), "exit 0", &[&long]), Mode::DryRun).text;
        assert!(shown.chars().count() < 250 && shown.ends_with('…'), "{shown}");
    }

    #[test]
    fn a_dry_run_starts_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let trace = directory.path().join("trace");
        let run = repair(directory.path(), &format!("touch {}", trace.display()), &["a b"]);
        let outcome = act(&run, Mode::DryRun);
        assert_eq!((outcome.status, trace.exists()), (Status::Simulated, false));
        assert!(outcome.text.starts_with("would run /") && outcome.text.ends_with("/repair 'a b'"), "{}", outcome.text);
        assert_eq!(act(&run, Mode::Enforce).status, Status::Done);
        assert!(trace.exists());
    }

    #[test]
    fn a_program_that_others_can_change_is_refused_also_at_the_last_moment() {
        let directory = tempfile::tempdir().unwrap();
        let trace = directory.path().join("trace");
        let run = repair(directory.path(), &format!("touch {}", trace.display()), &[]);
        let situation = Situation::calm(Root::new(None), Now::read());
        assert_eq!(run.candidates(&case(), &situation)[0].refused, []);
        fs::set_permissions(directory.path().join("repair"), Permissions::from_mode(0o777)).unwrap();
        let refused = &run.candidates(&case(), &situation)[0].refused;
        assert_eq!(refused.iter().map(|refusal| refusal.guard).collect::<Vec<_>>(), [Guard::ProgramRefused]);
        let outcome = act(&run, Mode::Enforce);
        assert_eq!((outcome.status, trace.exists()), (Status::Failed, false));
        let until = Instant::now();
        fs::set_permissions(directory.path().join("repair"), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(
            (run.least_seconds(), RunCommand { timeout: Duration::from_secs(40), ..run }.least_seconds()),
            (6, 21)
        );
        let run = repair(directory.path(), &format!("touch {}", trace.display()), &[]);
        let late = run.act(&Target::default(), &case(), &situation, actuator::of(Mode::Enforce), until);
        assert_eq!((late.status, trace.exists()), (Status::Failed, false), "no time");
    }
}
