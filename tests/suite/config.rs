//! The configuration: places of errors, precedence, and the last good one.

use super::harness::{Host, repository};

fn problem(text: &str) -> String {
    let mut host = Host::recorded("vm");
    host.config = text.to_string();
    let done = host.osmon(&["config", "check"]);
    assert_eq!(done.code, 78, "{text}");
    done.err.replace(&host.path("osmon.toml").display().to_string(), "FILE").replace("osmon config: ", "")
}

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    let cases = [
        ("[rule.cpu]\nwarnning = 1\n", "FILE:2:1: rule.cpu.warnning: unknown key; did you mean \"warning\"?\n"),
        ("[rule.cpu]\nwarn = 1\n", "FILE:2:1: rule.cpu.warn: unknown key; did you mean \"warning\"?\n"),
        ("[alrt]\n", "FILE:1:2: alrt: unknown key; did you mean \"alert\"?\n"),
        ("[rule.cpu]\nwarning = \"80\"\n", "FILE:2:1: rule.cpu.warning: expected a number, found string\n"),
        ("[rule.cpu]\nwarning = 97\n", "FILE:2:1: rule.cpu.warning: warning (97) must be below critical (95)\n"),
        (
            "[rule.cpu]\nfor = \"5 moments\"\n",
            "FILE:2:1: rule.cpu.for: \"5 moments\" is not a duration; write for example \"90s\", \"5m\", \"4h\" or \"1h30m\"\n",
        ),
        (
            "[rule.new]\nmetric = \"cpu.busy_percent\"\n",
            "FILE:2:1: rule.new.metric: the rule has neither \"warning\" nor \"critical\"; set one\n",
        ),
        (
            "[rule.cpu]\nsamples = \"3 in 5\"\n",
            "FILE:2:1: rule.cpu.samples: \"3 in 5\" is not \"3 of 5\", with 32 at most\n",
        ),
        (
            "[rule.cpu]\nsamples = \"3 of 5\"\nfor = \"1m\"\n",
            "FILE:2:1: rule.cpu.samples: a rule has \"samples\" or \"for\", not both\n",
        ),
        (
            "[rule.cpu]\nunusual = 4\n",
            "FILE:2:1: rule.cpu.unusual: its limit is learned, not \"warning\" or \"critical\"\n",
        ),
        (
            "[rule.cpu_unusual]\nunusual = 0\n",
            "FILE:2:1: rule.cpu_unusual.unusual: must be true, or a number above 0\n",
        ),
        (
            "[rule.cpu_unusual]\nunusual = \"yes\"\n",
            "FILE:2:1: rule.cpu_unusual.unusual: expected true or false, found string\n",
        ),
        ("[rule.cpu_unusual]\nfloor = -1\n", "FILE:2:1: rule.cpu_unusual.floor: must not be negative\n"),
        ("[rule.cpu]\nfloor = 1\n", "FILE:2:1: rule.cpu.floor: is for rules with \"unusual\"\n"),
        ("[rule.cpu]\nwhen = \"either\"\n", "FILE:2:1: rule.cpu.when: \"either\" is for rules with \"unusual\"\n"),
        (
            "[rule.cpu_unusual]\nper = \"1h\"\n",
            "FILE:2:1: rule.cpu_unusual.per: a rule has \"per\" or \"unusual\", not both\n",
        ),
        ("[rule.crash_loop]\ntotal = \"8d\"\n", "FILE:2:1: rule.crash_loop.total: must be from 1m to 7d\n"),
        ("[rule.new]\nwarning = 1\n", "FILE:1:7: rule.new.metric: is required; osmon probe --json shows all metrics\n"),
        ("[probe]\ntop_processes = -1\n", "FILE:2:1: probe.top_processes: must not be negative\n"),
        ("[report]\npath = \"x.html\"\n", "FILE:2:1: report.path: \"x.html\" must be an absolute path\n"),
        ("[alert]\nto = \"me\"\n", "FILE:2:1: alert.to: expected a list of strings, found string\n"),
        (
            "[alert]\nto = [\"me\"]\n",
            "FILE:2:1: alert.to: \"me\" is not a mail address: it has no @; for a mailbox on this host write root@localhost\n",
        ),
        (
            "[alert]\ntransport = \"pigeon\"\n",
            "FILE:2:1: alert.transport: \"pigeon\" is not one of \"auto\", \"smtp\", \"sendmail\"\n",
        ),
        ("[alert.smtp]\nport = 99999\n", "FILE:2:1: alert.smtp.port: must be from 0 to 65535\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(problem(text), expected, "{text}");
    }
    assert_eq!(problem("a = \n"), "FILE:1:4: a: not valid TOML: there is nothing after the =\n");
    let three = problem("x = 1\n[rule.cpu]\ny = 2\n[report]\npath = 3\n");
    assert_eq!(three.lines().count(), 3, "all at once: {three}");
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_default() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.cpu]\nwarning = 60\n[rule.memory]\nwarning = 70\n".to_string();
    let show = |name: &str, value: &str| {
        let output = host.command("osmon", &["config", "show"]).env(name, value).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = show("OSMON_RULE_CPU_WARNING", "50");
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_string();
    assert!(
        line("rule.cpu.warning ").starts_with("rule.cpu.warning = 50.0")
            && line("rule.cpu.warning ").ends_with("# environment variable OSMON_RULE_CPU_WARNING")
    );
    assert!(line("rule.memory.warning ").contains("= 70.0") && line("rule.memory.warning ").contains("osmon.toml:4:1"));
    assert!(line("rule.disk.warning ").starts_with("rule.disk.warning = 90.0"));
    assert!(line("data_dir").contains(&host.data().display().to_string()));
    assert!(!text.contains("rule.memory.warning_clear"), "the default of a limit that was replaced goes with it");
    let done = host.command("osmon", &["config", "check"]).env("OSMON_RULE_CPU_WARNNING", "50").output().unwrap();
    assert_eq!(
        String::from_utf8(done.stderr).unwrap(),
        "osmon config: environment variable OSMON_RULE_CPU_WARNNING: unknown variable; did you mean \"OSMON_RULE_CPU_WARNING\"?\n"
    );
    let done = host.command("osmon", &["config", "check"]).env("OSMON_PROBE_TOP_PROCESSES", "many").output().unwrap();
    assert!(String::from_utf8(done.stderr).unwrap().contains("expected a whole number, found \"many\""));
}

#[test]
fn the_default_is_the_documented_file() {
    let host = Host::recorded("vm");
    let shown = host.osmon(&["config", "show", "--default"]).ok().out;
    assert_eq!(shown.trim_end(), std::fs::read_to_string(repository("data/osmon.toml")).unwrap().trim_end());
    let mut copy = Host::recorded("vm");
    copy.config = shown;
    copy.osmon(&["config", "check"]).ok();
}

#[test]
fn a_broken_file_stops_no_run_and_is_reported_once() {
    let mut host = Host::recorded("vm");
    host.config = "[report]\ntitle = \"my title\"\n".to_string();
    host.osmon(&["run"]).ok();
    host.config = "[report]\ntitel = \"x\"\n".to_string();
    host.advance(60, 1);
    let done = host.osmon(&["run"]);
    assert_eq!(done.code, 78, "it did its work, perhaps with other settings than intended");
    assert!(done.err.contains("osmon.toml:2:1: report.titel: unknown key; did you mean \"title\"?; going on with the last good configuration"), "{}", done.err);
    host.advance(60, 1);
    assert_eq!(host.osmon(&["run"]).err, "", "repeated warnings are throttled");
    assert_eq!(host.snapshots().len(), 3);
    let page = std::fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(
        page.contains("my title") && page.contains("report.titel"),
        "the page has the last good title and the problem"
    );
}

#[test]
fn a_missing_file_that_was_named_is_an_error() {
    let host = Host::recorded("vm");
    let done = host.osmon(&["config", "check", "--config", "/nonexistent/osmon.toml"]);
    assert_eq!(done.code, 64, "given twice");
    let mut command = std::process::Command::new(super::harness::binary("osmon"));
    let output = command.args(["config", "check", "--config", "/nonexistent/osmon.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("/nonexistent/osmon.toml: could not read the configuration: No such file")
    );
}

#[test]
fn a_wrong_type_hides_no_other_mistake() {
    let mut host = Host::recorded("vm");
    host.config = "[report]\nlanguage = \"de\"\nranges = [\"2h\"]\n[probe]\ntop_processes = \"many\"\n[rule.cpu]\nwarning = 5\ncritical = 3\n[alert]\nto = [\"x\"]\n".into();
    let done = host.osmon(&["config", "check"]);
    assert_eq!(done.code, 78);
    for part in
        [":5:1: probe.top_processes", ":2:1: report.language", ":3:1: report.ranges", ":10:1: alert.to", "rule.cpu"]
    {
        assert_eq!(done.err.matches(part).count(), 1, "{part}: {}", done.err);
    }
}

#[test]
fn status_gives_its_verdict_first_and_each_mistake_once() {
    let mut host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    host.config = "[alert]\nto = [\"x\"]\n[report]\ntitel = 1\n".to_string();
    let both = format!("exec 2>&1; {:?}", host.command("osmon", &["status"]));
    let shown = super::harness::tool("sh", &["-c", &both]).out;
    assert!(shown.starts_with("WARNING web-01: ") || shown.starts_with("OK web-01: "), "{shown}");
    for mistake in ["alert.to", "report.titel"] {
        assert_eq!(shown.matches(mistake).count(), 1, "{mistake}: {shown}");
    }
}

/// Without a last good configuration, the valid keys of `[alert]` and the data directory are used.
#[test]
fn without_a_last_good_configuration_alerts_are_sent_all_the_same() {
    // A disk of this host was switched to read-only.
    let mut host = Host::recorded("old");
    host.config =
        "[alert]\nto = [\"root@localhost\", \"x\"]\nper_hour = 0\n[rule.cpu]\nwarning = \"x\"\n[report]\ntitle = \"t\"\n"
            .to_string();
    let done = host.osmon(&["run", "-v"]);
    assert!(done.err.contains("going on with the defaults and what is valid of [alert]"), "{}", done.err);
    assert!(done.out.contains("CRITICAL  File system") && !done.out.contains("nobody is notified"), "{}", done.out);
    let waiting = std::fs::read_dir(host.path("data/outbox/new")).unwrap().count();
    assert_eq!(waiting, 1, "{}", done.out);
    let mut command = std::process::Command::new(super::harness::binary("osmon"));
    command.current_dir(host.path("")).env_clear().env("HOME", host.path("home")).args(["note", "here"]);
    let config = host.path("osmon.toml");
    let output = command.args(["--data-dir", "given", "--config"]).arg(config).output().unwrap();
    assert!(host.path("given/events").exists(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_data_directory_of_a_broken_file_is_used() {
    let host = Host::recorded("vm");
    let data = host.path("elsewhere");
    std::fs::write(host.path("osmon.toml"), format!("data_dir = {data:?}\n[store\nx = = 1\n")).unwrap();
    let mut command = std::process::Command::new(super::harness::binary("osmon"));
    command.env_clear().env("HOME", host.path("home")).args(["note", "here", "--config"]);
    let output = command.arg(host.path("osmon.toml")).output().unwrap();
    assert!(data.join("events").exists(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_probe_reads_only_the_sections_it_needs() {
    let mut host = Host::recorded("vm");
    host.config =
        "[rule.cpu]\nwarnin = 1\n[alert]\nto = 7\n[report]\ntitel = 1\n[probe]\nprocesses = false\n".to_string();
    host.small("osmon-probe", &[]).ok();
    assert!(host.snapshots()[0].get("process").is_none(), "its own section counts");
    host.config = "[prob]\nprocesses = false\n[rule.cpu]\nwarnin = 1\n".to_string();
    let done = host.small("osmon-probe", &[]);
    assert!(done.err.contains("prob: unknown key; did you mean \"probe\"?"), "{}", done.err);
    assert!(!done.err.contains("warnin"), "{}", done.err);
}
