//! `[heal]` as it takes effect: defaults, the environment, fallbacks, and the documented examples.

use super::harness::Host;
use osmon::config::load::{examine, load};
use osmon::config::location::Source;
use osmon::config::read_others::ALL_SECTIONS;
use osmon::config::salvage::salvage;
use osmon::config::schema::DEFAULT;
use osmon::config::{HealEntry, RepairSpec, Request};
use osmon::model::action::Mode;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const WEB: &str = "[heal.web]\nrule = \"service\"\nmatch = \"nginx.service\"\naction = \"restart\"\n";
const OLD: &str = "[heal.old]\nrule = \"disk\"\naction = \"clean\"\ndirectories = [\"/var/tmp/\"]\n";

/// A request for a file with a text, in a directory that lives as long as the other value.
fn request(text: &str, environment: &[(&str, &str)]) -> (Request, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("osmon.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let source = Source { file: Some(path), environment, ..Source::default() };
    (Request { source, others: Some(ALL_SECTIONS) }, directory)
}

fn entries(text: &str, environment: &[(&str, &str)]) -> Vec<HealEntry> {
    let (request, _directory) = request(text, environment);
    load(&request).unwrap_or_else(|issues| panic!("{issues:?}")).config.heal.entries
}

#[test]
fn an_entry_has_the_documented_defaults() {
    let all = entries(&format!("{OLD}{WEB}"), &[]);
    let [old, web] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((old.mode, web.mode), (Mode::DryRun, Mode::Enforce), "cleaning is tried before it is done");
    assert_eq!((web.per_hour, web.per_day, web.escalates, web.matches.as_str()), (3, 6, true, "nginx.service"));
    assert_eq!((web.after, web.verify), (Duration::ZERO, Duration::from_secs(60)));
    assert_eq!(web.waits, [60, 300, 900].map(Duration::from_secs));
    assert_eq!(web.repair, RepairSpec::Restart { unit: None });
    let RepairSpec::Clean { directories, older_than, keep, stop_bytes } = &old.repair else { panic!("{old:?}") };
    assert_eq!((directories.as_slice(), keep.len(), *stop_bytes), (&["/var/tmp".to_string()][..], 0, 0));
    assert_eq!(*older_than, Duration::from_secs(10 * 86_400));
    assert!(entries("", &[]).is_empty(), "without an entry nothing is ever done");
}

#[test]
fn the_mode_of_an_entry_takes_precedence_over_that_of_its_kind_and_off_is_left_out() {
    let mode = |text: &str| entries(text, &[]).first().map(|entry| entry.mode);
    assert_eq!(mode(&format!("[heal]\nrestart = \"dry-run\"\n{WEB}")), Some(Mode::DryRun));
    assert_eq!(mode(&format!("[heal]\nrestart = \"off\"\n{WEB}mode = \"enforce\"\n")), Some(Mode::Enforce));
    assert_eq!(mode(&format!("[heal]\nrestart = \"off\"\n{WEB}")), None);
    assert_eq!(mode(&format!("{WEB}mode = \"off\"\n")), None);
}

#[test]
fn the_environment_sets_modes_and_the_keys_of_entries() {
    let all = entries(
        WEB,
        &[("OSMON_HEAL_RESTART", "dry-run"), ("OSMON_HEAL_WEB_PER_HOUR", "2"), ("OSMON_HEAL_WEB_WAITS", "2m,9m")],
    );
    assert_eq!((all[0].mode, all[0].per_hour), (Mode::DryRun, 2));
    assert_eq!(all[0].waits, [120, 540].map(Duration::from_secs));
    let (request, _directory) = request(WEB, &[("OSMON_HEAL_WEB_PER_HOURS", "2"), ("OSMON_HEAL_RUN", "never")]);
    let issues = load(&request).unwrap_err();
    let text: String = issues.iter().map(|issue| format!("{issue}\n")).collect();
    assert!(text.contains("OSMON_HEAL_WEB_PER_HOURS: unknown variable; did you mean"), "{text}");
    assert!(text.contains("OSMON_HEAL_RUN: heal.run: \"never\" is not one of"), "{text}");
}

#[test]
fn a_broken_configuration_repairs_nothing() {
    let unmeasured = "[rule.mine]\nmetric = \"load.none\"\nwarning = 1\n";
    for broken in [unmeasured, "[alert]\nto = [\"x\", \"ops@example.org\"]\n", "[store]\nhour_day = 1\n", "[rule.cpu\n"]
    {
        let (request, _directory) = request(&format!("{WEB}{broken}"), &[]);
        let issues = load(&request).unwrap_err();
        for last_good in [None, Some(WEB.to_string())] {
            let (loaded, what) = salvage(&request, &issues, |_| last_good).unwrap();
            assert_eq!(loaded.config.heal.entries, [], "{broken}: {what}");
        }
    }
}

#[test]
fn a_file_that_everybody_can_write_repairs_nothing() {
    for (text, mode, is_right) in [
        (WEB, 0o600, true),
        (WEB, 0o664, true),
        (WEB, 0o602, false),
        (WEB, 0o666, false),
        ("[heal]\nrun = \"off\"\n", 0o666, true),
    ] {
        let (request, _directory) = request(text, &[]);
        let path = request.source.file.clone().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match load(&request) {
            Ok(_) => assert!(is_right, "{text} {mode:o}"),
            Err(issues) => {
                assert!(!is_right && issues.len() == 1, "{mode:o}: {issues:?}");
                assert!(issues[0].to_string().contains("everybody can write this file"), "{issues:?}");
                assert_eq!(salvage(&request, &issues, |_| None).unwrap().0.config.heal.entries, []);
            }
        }
    }
}

#[test]
fn the_settings_are_shown_with_their_places() {
    let mut host = Host::recorded("vm");
    host.config = format!("[heal]\nend = \"off\"\n{WEB}");
    let shown = host.osmon(&["config", "show"]).out;
    let has = |key: &str, value: &str| {
        let line = shown.lines().find(|line| line.starts_with(&format!("{key} = {value}")));
        line.unwrap_or_else(|| panic!("{key}: {shown}")).to_string()
    };
    assert!(has("heal.end", "\"off\"").contains("osmon.toml:2:1"));
    assert!(!has("heal.clean", "\"dry-run\"").contains('#'), "a default has no place");
    assert!(has("heal.web.action", "\"restart\"").contains("osmon.toml:6:1"));
}

/// Nothing is wrong or doubtful about a configuration.
fn assert_flawless(text: &str) {
    let (request, _directory) = request(text, &[]);
    let found = examine(&request);
    let all: Vec<String> = found.errors.iter().chain(&found.warnings).map(ToString::to_string).collect();
    assert!(all.is_empty(), "{all:#?}\n{text}");
}

#[test]
fn the_examples_in_the_documentation_are_valid() {
    let commented = DEFAULT.split_once("# [heal.").map(|(_, rest)| format!("# [heal.{rest}")).unwrap();
    let examples: Vec<&str> =
        commented.lines().map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
    assert!(examples.len() > 10);
    assert_flawless(&examples.join("\n"));
    let page = include_str!("../../docs/heal.md");
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 7, "an example of each action");
    blocks.iter().for_each(|block| {
        assert_flawless(&block.replace("/usr/local/bin/", "/bin/").replace("/bin/prune-builds", "/bin/true"));
    });
}
