//! `osmon config check` reports every mistake of a file once, in one pass.

use super::config_mistakes_heal::{HEAL_MISTAKES, Mistake};
use super::config_mistakes_watched::WATCHED_MISTAKES;
use super::harness::Host;
use osmon::config::Request;
use osmon::config::load::examine;
use osmon::config::location::Source;
use osmon::config::read_others::ALL_SECTIONS;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A valid file: section, and its lines.
const VALID: [(&str, &str); 13] = [
    ("", "data_dir = \"/srv/osmon\""),
    ("store", "snapshot_days = 30\nmax_size = \"2 GiB\""),
    ("probe", "services = [\n  \"nginx\", # [the web]\n  \"cron\",\n]"),
    ("report", "title = \"web = 1\""),
    ("alert", "to = [\"ops@example.org\"]"),
    ("alert.smtp", "host = \"mail.example.org\""),
    ("alert.route.chat", "kind = \"slack\"\nurl_env = \"CHAT\""),
    ("rule.cpu", "title = '''\n[CPU]\n'''"),
    ("rule.queue", "metric = \"disk_io.latency_ms\"\nwarning = 50"),
    ("heal", "clean = \"enforce\""),
    ("process.web", "match = \"nginx\"\nat_most = 8"),
    ("freshness.backup", "path = \"/etc/*\"\nmax_age = \"26h\""),
    ("heal.web", "rule = \"service\"\nmatch = \"nginx.service\"\naction = \"restart\""),
];

/// Each may stand beside any other.
const MISTAKES: [Mistake; 62] = [
    ("", "unknown = 1", "unknown", "unknown key"),
    ("", "reprot = 1", "reprot", "did you mean \"report\"?"),
    ("", "this is no setting", "", "not valid TOML"),
    ("alrt", "to = 1", "alrt", "unknown key; did you mean \"alert\"?"),
    ("store", "hour_day = 1", "store.hour_day", "did you mean \"hour_days\"?"),
    ("store", "min_free = \"5 lots\"", "store.min_free", "5 lots"),
    ("store", "event_days = -1", "store.event_days", "must not be negative"),
    ("store", "process_days = \"all\"", "store.process_days", "expected a whole number, found string"),
    ("store", "hour_days = 9 days", "store.hour_days", "not valid TOML"),
    ("store", "snapshot_days = 40", "store.snapshot_days", "is set twice (line "),
    ("probe", "top_processes = 5000", "probe.top_processes", "at most 1000"),
    ("probe", "processes = yes", "probe.processes", "not valid TOML"),
    ("probe", "network_mounts = [1]", "probe.network_mounts", "expected a list of strings"),
    ("probe", "ignore_mounts = [\"/a\"\n\"/b\"]", "probe.ignore_mounts", "not valid TOML"),
    ("report", "path = \"page.html\"", "report.path", "absolute path"),
    ("report", "language = \"de\"", "report.language", "is not one of en, fr"),
    ("report", "ranges = [\"2h\"]", "report.ranges", "is not one of"),
    ("report", "public = 1", "report.public", "expected true or false"),
    ("report", "style_file = \"x.css", "report.style_file", "not valid TOML"),
    ("alert", "from = \"osmon\"", "alert.from", "it has no @"),
    ("alert", "transport = \"pigeon\"", "alert.transport", "is not one of"),
    ("alert", "sign_of_life = \"8\"", "alert.sign_of_life", "is not a time of day"),
    ("alert", "expire_after = \"5 moments\"", "alert.expire_after", "is not a duration"),
    ("alert", "ping_url = \"hc.example.org\"", "alert.ping_url", "must begin with https://"),
    ("alert", "language = \"xx\"", "alert.language", "is neither"),
    ("alert", "routs = []", "alert.routs", "did you mean \"route\"?"),
    ("alert", "webhook_file = \"/nonexistent/hook\"", "alert.webhook_file", "could not read"),
    ("alert.smtp", "port = 99999", "alert.smtp.port", "from 0 to 65535"),
    ("alert.smtp", "mechanism = \"magic\"", "alert.smtp.mechanism", "is not one of"),
    ("alert.smtp", "helo_name = \"my host\"", "alert.smtp.helo_name", "is not a host name"),
    ("alert.smtp", "timeout_seconds = 60", "alert.smtp.timeout_seconds", "from 1 to 15"),
    ("alert.smtp", "user = \"me\"", "alert.smtp.user", "needs password_file"),
    ("alert.route.chat", "between = \"8\"", "alert.route.chat.between", "is not a span"),
    ("alert.route.chat", "days = \"someday\"", "alert.route.chat.days", "are no days"),
    ("alert.route.chat", "min_severity = \"high\"", "alert.route.chat.min_severity", "is neither"),
    ("alert.route.chat", "fallback_for = \"mial\"", "alert.route.chat.fallback_for", "did you mean \"mail\"?"),
    ("alert.route.chat", "template = \"{text}\"", "alert.route.chat.template", "is no JSON"),
    ("alert.route.chat", "tokn_file = \"x\"", "alert.route.chat.tokn_file", "did you mean \"token_file\"?"),
    ("alert.route.open", "kind = \"ntfy\"\nurl_file = \"OPEN\"", "alert.route.open.url_file", "others can read"),
    ("alert.route.pager", "kind = \"slak\"", "alert.route.pager.kind", "did you mean \"slack\"?"),
    ("alert.route.hook", "kind = \"webhook\"", "alert.route.hook.url", "is missing"),
    ("alert.route.misspelt", "kin = \"webhook\"", "alert.route.misspelt.kin", "did you mean \"kind\"?"),
    ("rule.cpu", "warnning = 1", "rule.cpu.warnning", "did you mean \"warning\"?"),
    ("rule.cpu", "critical_clear = \"80\"", "rule.cpu.critical_clear", "expected a number, found string"),
    ("rule.cpu", "for = \"5 moments\"", "rule.cpu.for", "is not a duration"),
    ("rule.cpu", "clear_for = 5m", "rule.cpu.clear_for", "not valid TOML"),
    ("rule.cpu", "only_if = \"load > much\"", "rule.cpu.only_if", "is not a condition"),
    ("rule.cpu", "notify_if = \"load.one_per_coer > 1\"", "rule.cpu.notify_if", "did you mean \"load.one_per_core\"?"),
    ("rule.cpu", "between = \"25:00-26:00\"", "rule.cpu.between", "is not a span"),
    ("rule.cpu", "floor = 1", "rule.cpu.floor", "is for rules with"),
    ("rule.dsk", "warning = 80", "rule.dsk.metric", "did you mean \"disk\"?"),
    ("rule.mine", "metric = \"cpu.busy\"\nwarning = 1", "rule.mine.metric", "nothing that osmon measures is called"),
    ("rule.label", "metric = 'disk.used_percent{device=\"x\"}'\nwarning = 1", "rule.label.metric", "it has \"mount\""),
    (
        "rule.limits",
        "metric = \"cpu.busy_percent\"\nwarning = 97\ncritical = 95",
        "rule.limits.warning",
        "must be below critical",
    ),
    (
        "rule.both",
        "metric = \"cpu.busy_percent\"\nwarning = 1\nsamples = \"3 of 5\"\nfor = \"1m\"",
        "rule.both.samples",
        "not both",
    ),
    ("rule.no-limit", "metric = \"cpu.busy_percent\"", "rule.no-limit.metric", "neither \"warning\" nor \"critical\""),
    ("rule.no-metric", "metrc = \"cpu.busy_percent\"\nwarning = 1", "rule.no-metric.metrc", "did you mean \"metric\"?"),
    (
        "rule.no-limits",
        "metric = \"cpu.busy_percent\"\nwarnig = 1",
        "rule.no-limits.warnig",
        "did you mean \"warning\"?",
    ),
    ("rule.typed", "metric = 5\nwarning = 1", "rule.typed.metric", "expected a string"),
    ("rule.quotes", "metric = cpu.busy_percent\nwarning = 1", "rule.quotes.metric", "not valid TOML"),
    ("rule.no-data", "metric = \"cpu.busy_percent\"\nwarning = 1", "rule.no-data", "is a rule of osmon itself"),
    ("rule.percent", "metric = \"cpu.busy_percent\"\nwarning = 200", "rule.percent.warning", "never reached"),
];

fn mistakes() -> Vec<Mistake> {
    MISTAKES.iter().chain(&HEAL_MISTAKES).chain(&WATCHED_MISTAKES).copied().collect()
}

/// Reports of a file: key, and the whole text.
fn reports(text: &str, environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("open"), "https://example.org\n").unwrap();
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path("osmon.toml"), text.replace("OPEN", &path("open").display().to_string())).unwrap();
    fs::set_permissions(path("osmon.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let source = Source { file: Some(path("osmon.toml")), environment, ..Source::default() };
    let found = examine(&Request { source, others: Some(ALL_SECTIONS) });
    let all = found.errors.into_iter().chain(found.warnings);
    all.map(|issue| (issue.path.join("."), issue.to_string())).collect()
}

/// The valid file with mistakes planted, its sections in the given order.
fn planted(chosen: &[usize], order: &[usize]) -> String {
    let mut sections: Vec<(&str, String)> = VALID.map(|(name, lines)| (name, format!("{lines}\n"))).to_vec();
    for (name, line, ..) in chosen.iter().map(|at| mistakes()[*at]) {
        match sections.iter_mut().find(|(known, _)| *known == name) {
            Some((_, lines)) => *lines += &format!("{line}\n"),
            None => sections.push((name, format!("{line}\n"))),
        }
    }
    let (root, mut rest) = (sections.remove(0).1, sections);
    let rank = |at: usize| order.get(at).copied().unwrap_or(at);
    let mut ranked: Vec<_> = rest.drain(..).enumerate().map(|(at, section)| (rank(at), section)).collect();
    ranked.sort();
    ranked.iter().fold(root, |text, (_, (name, lines))| format!("{text}[{name}]\n{lines}"))
}

fn assert_reports(chosen: &[usize], order: &[usize]) {
    let text = planted(chosen, order);
    let mut found = reports(&text, &[]);
    for (_, line, key, part) in chosen.iter().map(|at| mistakes()[*at]) {
        let at = found.iter().position(|(path, report)| path == key && report.contains(part));
        assert!(at.is_some(), "{line:?} is not reported in\n{text}\nreported: {found:#?}");
        found.remove(at.unwrap());
    }
    assert!(found.is_empty(), "more than was planted in\n{text}\n{found:#?}");
}

#[test]
fn each_mistake_alone_and_all_together_are_reported_once() {
    let count = mistakes().len();
    assert_reports(&[], &[]);
    (0..count).for_each(|at| assert_reports(&[at], &[]));
    assert_reports(&(0..mistakes().len()).collect::<Vec<_>>(), &[]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_set_of_mistakes_is_reported_exactly(
        chosen in proptest::sample::subsequence((0..mistakes().len()).collect::<Vec<_>>(), 0..20),
        order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        assert_reports(&chosen, &order);
    }
}

#[test]
fn headers_that_cannot_be_read_hide_nothing_else() {
    for (text, expected) in [
        ("[rule.cpu\nwarnning = 1\n[report]\ntitel = \"x\"\n", &["rule.cpu", "rule.cpu.warnning", "report.titel"][..]),
        ("[rule.cpu]]\nwarnning = 1\n", &["rule.cpu", "rule.cpu.warnning"]),
        ("[rule cpu]\nwarnning = 1\nx = = 1\n[report]\ntitel = 1\n", &["", "", "report.titel"]),
        ("[report]\nlanguage = \"de\"\n[alert]\n[report]\ntitel = 1\n", &["report.language", "report", "report.titel"]),
        ("[[rule.cpu]]\nwarning = 1\n[report]\ntitel = 1\n", &["rule.cpu", "report.titel"]),
        ("[alert]\nto = [\"ops@example.org\"\nfrom = \"x\"\n", &["alert.to", "alert.from"]),
        ("[alert]\ntransport = \"smtp\"\n[alert.smpt]\nhost = \"h\"\n", &["alert.smpt"]),
        (
            "[alert]\ntransport = \"smtp\"\n[alert.smtp]\nhost = mail\nuser = \"u\"\n",
            &["alert.smtp.host", "alert.smtp.user"],
        ),
        ("[rule.cpu]\nwarning = \"x\"\ncritical = 70\n", &["rule.cpu.warning"]),
        (
            "[alert]\nto = \"me\"\n[alert.route.x]\nkind = \"sendmail\"\n[alert.route.y]\nkind = \"syslog\"\nfallback_for = \"x\"\n",
            &["alert.to"],
        ),
    ] {
        let found: Vec<String> = reports(text, &[]).into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_environment_is_part_of_the_same_pass() {
    let found = reports(
        "[rule.cpu]\nx = = 1\n[report]\ntitel = 1\n",
        &[("OSMON_RULE_CPU_WARNNING", "1"), ("OSMON_PROBE_TOP_PROCESSES", "many"), ("OSMON_STORE_HOUR_DAYS", "3")],
    );
    let text: String = found.iter().map(|(_, report)| format!("{report}\n")).collect();
    for part in [
        "rule.cpu.x",
        "report.titel",
        "OSMON_RULE_CPU_WARNNING: unknown variable; did you mean",
        "expected a whole number, found \"many\"",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}: {text}");
    }
    assert_eq!(found.len(), 4, "{text}");
}

#[test]
fn the_list_is_in_the_order_of_the_file_and_available_as_json() {
    let mut host = Host::recorded("vm");
    host.config =
        "[rule.cpu]\nwarning = high\nfor = \"x\"\n[report]\ntitel = 1\n[alert]\nwebhook_file = \"/nonexistent\"\n"
            .to_string();
    let done = host.osmon(&["config", "check"]);
    assert_eq!(done.code, 78);
    let places: Vec<&str> = done.err.lines().filter_map(|line| line.split("osmon.toml:").nth(1)).collect();
    let begins = |at: usize, expected: &str| assert!(places[at].starts_with(expected), "{}", done.err);
    begins(0, "7:1: alert.webhook_file: could not read");
    begins(1, "2:11: rule.cpu.warning: not valid TOML: ");
    begins(2, "3:1: rule.cpu.for: ");
    begins(3, "5:1: report.titel: ");
    let done = host.osmon(&["config", "check", "--json"]);
    assert_eq!((done.code, done.err.as_str()), (78, ""));
    let problems = done.json()["problem"].as_array().unwrap().clone();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert_eq!((problems[2]["line"].as_u64(), problems[2]["column"].as_u64()), (Some(5), Some(1)));
    assert_eq!((problems[2]["key"].as_str(), problems[2]["meant"].as_str()), (Some("report.titel"), Some("title")));
    assert_eq!(problems[3]["severity"], "warning");
    assert!(problems[0]["file"].as_str().unwrap().ends_with("/osmon.toml"));
    assert_eq!(done.json()["warning"].as_array().unwrap().len(), 1);
}
