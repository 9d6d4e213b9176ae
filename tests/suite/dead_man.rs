//! The dead man's switch beside the run: whoever comes first ends its alert, and nothing is told twice.

use super::harness::Host;
use std::fs;
use std::process::Child;

fn silent() -> (Host, String) {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"root@localhost\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n".to_string();
    host.osmon(&["run"]).ok();
    let id = format!("stale-data-{}", host.now.timestamp_millis());
    host.advance(600, 5);
    (host, id)
}

/// Names of all alerts, wherever in the outbox they are.
fn alerts(host: &Host) -> Vec<String> {
    let files = |stage| fs::read_dir(host.data().join("outbox").join(stage)).into_iter().flatten().flatten();
    let all = ["new", "sent", "dead"].into_iter().flat_map(files);
    let mut names: Vec<String> = all.map(|file| file.file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    names
}

fn start(host: &Host, arguments: &[&str]) -> Child {
    host.command("osmon", arguments).spawn().unwrap()
}

const BOTH: [&str; 2] = ["fired critical osmon records nothing", "recovered critical osmon records nothing"];

#[test]
fn a_run_ends_the_alert_without_the_switch() {
    let (mut host, id) = silent();
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    assert_eq!(alerts(&host), [format!("{id}.1-fired.json")]);
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
    for _ in 0..3 {
        host.osmon(&["status", "--alert"]).ok();
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    assert_eq!(alerts(&host), [format!("{id}.1-fired.json"), format!("{id}.2-recovered.json")]);
    assert_eq!(host.events(), BOTH);
    assert!(!host.data().join("state/stale.json").exists());
}

#[test]
fn its_end_is_told_in_a_sentence() {
    let (mut host, _) = silent();
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    host.config = host.config.replace("/bin/true", program.to_str().unwrap());
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.osmon(&["send-alert"]).ok();
    for _ in 0..3 {
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    let mails = fs::read_to_string(&mail).unwrap().replace('\r', "").replace("=\n", "").replace("\n ", " ");
    let text = "osmon records again (recorded nothing for 11 min)";
    assert!(mails.contains(&format!("Subject: RECOVERED web-01: {text}\n")), "{mails}");
    assert!(mails.contains(&format!("RECOVERED: {text}")), "{mails}");
}

#[test]
fn the_small_binaries_end_it_too() {
    let (mut host, id) = silent();
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.advance(60, 5);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]).ok();
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
    assert_eq!(alerts(&host), [format!("{id}.1-fired.json"), format!("{id}.2-recovered.json")]);
}

#[test]
fn a_reboot_in_between_leaves_nothing_open() {
    let (mut host, id) = silent();
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.advance(600, 5);
    host.write("proc/uptime", "20.00 0.00\n");
    host.write("proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.advance(30, 5);
    host.osmon(&["run"]).ok();
    host.osmon(&["status", "--alert"]).ok();
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
    let told: Vec<String> = alerts(&host).into_iter().filter(|name| name.starts_with("stale-data")).collect();
    assert_eq!(told, [format!("{id}.1-fired.json"), format!("{id}.2-recovered.json")]);
}

/// Two schedulers: several switches and runs in the same moment.
#[test]
fn several_at_once_tell_once() {
    let (mut host, id) = silent();
    let all: Vec<Child> = (0..6).map(|_| start(&host, &["status", "--alert"])).collect();
    all.into_iter().for_each(|mut child| assert_eq!(child.wait().unwrap().code(), Some(3)));
    assert_eq!(host.events(), BOTH[..1]);
    assert_eq!(alerts(&host), [format!("{id}.1-fired.json")]);
    host.advance(60, 5);
    let watch = |_| start(&host, &["status", "--alert"]);
    let all: Vec<Child> =
        (0..2).map(watch).chain([start(&host, &["run"]), start(&host, &["run"])]).chain((0..4).map(watch)).collect();
    all.into_iter().for_each(|mut child| assert!(child.wait().is_ok()));
    host.osmon(&["status", "--alert"]).ok();
    assert_eq!(host.events(), BOTH);
    assert_eq!(alerts(&host), [format!("{id}.1-fired.json"), format!("{id}.2-recovered.json")]);
}

/// Without a recipient nothing is sent, also not its end; a silence in force at the end of an alert does not keep it open.
#[test]
fn what_nobody_was_told_of_ends_quietly() {
    let (mut host, _) = silent();
    let config = std::mem::take(&mut host.config);
    assert_eq!(host.osmon(&["status", "--alert"]).code, 3);
    host.config = config;
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert_eq!((alerts(&host), host.events()), (Vec::new(), BOTH.map(ToString::to_string).to_vec()));
    assert_eq!(host.osmon(&["incidents", "--open"]).ok().out, "no incident is open\n");
}
