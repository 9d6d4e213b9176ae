//! A backup holds the whole history, wherever it lies, and names everything that it leaves out, as verify does.

use super::archive::{tree, with_history};
use super::harness::{Host, tool};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Moves an entry of the data directory elsewhere and leaves a link.
fn link(host: &Host, name: &str) {
    let path = if name == "data" { host.data() } else { host.data().join(name) };
    let elsewhere = host.path(&format!("disk/{}", name.replace('/', "-")));
    fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    fs::rename(&path, &elsewhere).unwrap();
    symlink(elsewhere, path).unwrap();
}

/// With days and hours that have ended.
fn with_sealed_history() -> (Host, String) {
    let (mut host, archive) = with_history();
    for _ in 0..2 {
        host.advance(86_400, 10);
        host.osmon(&["run"]).ok();
    }
    (host, archive)
}

/// Backs up, restores elsewhere and compares. The files of both.
fn goes_round(host: &Host, archive: &str) -> Vec<(String, u32)> {
    host.osmon(&["backup", archive, "--force"]).ok();
    let again = host.path("again");
    let _ = fs::remove_dir_all(&again);
    host.osmon(&["restore", archive, "--to", again.to_str().unwrap()]).ok();
    let all = tree(&host.data());
    assert_eq!(tree(&again), all);
    all
}

#[test]
fn history_behind_links_is_followed() {
    let (host, archive) = with_sealed_history();
    let sealed = "snapshots/2026-11-20.jsonl.gz";
    assert!(host.data().join(sealed).exists());
    let before = goes_round(&host, &archive);
    for name in [sealed, "rollups/1h/2026-11", "rollups/5m", "snapshots", "columns", "processes", "state", "rollups"] {
        link(&host, name);
        assert_eq!(goes_round(&host, &archive), before, "{name} is a link");
        assert!(host.osmon(&["verify", "-v"]).ok().out.contains("all intact"), "{name} is a link");
    }
    link(&host, "data");
    assert_eq!(goes_round(&host, &archive), before, "the data directory is a link");
    // Files behind links are verified.
    fs::write(host.path("disk/snapshots/2026-11-19.jsonl"), "damage\n").unwrap();
    assert!(host.osmon(&["verify"]).out.contains("snapshots/2026-11-19.jsonl line 1: 1 damaged line"));
}

#[test]
fn a_script_learns_the_name_that_it_did_not_give() {
    let (host, archive) = with_history();
    let done = host.command("osmon", &["backup"]).current_dir(host.path("")).output().unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    assert!(Path::new(printed.trim_end()).is_file() && printed.ends_with(".tar.gz\n"), "{printed}");
    assert_eq!(host.osmon(&["backup", &archive, "--force"]).ok().out, "", "cron is silent");
}

#[test]
fn any_name_is_packed() {
    let (host, archive) = with_history();
    let mut names: Vec<Vec<u8>> = [99, 100, 101, 155, 200, 250].map(|length| vec![b'n'; length]).into();
    names.extend(
        [&b"caf\xe9.txt"[..], b"line\nbreak", b"-rf", b".hidden.tmp", "Zu\u{308}rich".as_bytes(), b"back\\slash"]
            .map(Vec::from),
    );
    let deep = host.data().join("d".repeat(120)).join("e".repeat(120)).join("f".repeat(120));
    for directory in [host.data(), host.data().join("state"), deep] {
        fs::create_dir_all(&directory).unwrap();
        for name in &names {
            fs::write(directory.join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
        }
    }
    let files = goes_round(&host, &archive).len();
    fs::write(host.data().join("MANIFEST.json"), "left by tar xzf").unwrap();
    host.osmon(&["backup", &archive, "--force"]).ok();
    assert!(files > 3 * names.len(), "{files}");
    let remarks = host.osmon(&["verify", "--json"]).ok().json();
    let foreign = remarks["remark"].as_array().unwrap().iter().filter(|remark| remark["kind"] == "foreign").count();
    assert_eq!(foreign, 2 * names.len(), "what stands beside osmon's files is named");
}

/// Name, what makes it in the data directory, and whether history is missing because of it.
const STRANGE: [(&str, &str, bool); 13] = [
    ("foreign", "ln -s /etc foreign", false),
    ("passwd", "ln -s /etc/passwd passwd", false),
    ("nowhere", "ln -s /nowhere nowhere", false),
    ("pipe", "mkfifo pipe", false),
    ("lost+found", "mkdir lost+found; touch lost+found/1", false),
    ("snapshots/lost+found", "mkdir snapshots/lost+found", false),
    ("damaged/old", "mkdir damaged; ln -s /nowhere damaged/old", false),
    ("snapshots/2026-11-01.jsonl.gz", "ln -s /nowhere snapshots/2026-11-01.jsonl.gz", true),
    ("snapshots/2026-11-01.jsonl", "mkfifo snapshots/2026-11-01.jsonl", true),
    ("rollups/1d", "mv rollups/1d ../away; ln -s ../gone rollups/1d", true),
    ("processes", "mv processes ../away; ln -s processes processes", true),
    ("rollups/1h", "mv rollups/1h ../away; ln -s ../rollups rollups/1h", true),
    ("snapshots/other.jsonl", "ln -s /etc/passwd snapshots/other.jsonl", false),
];

#[test]
fn what_is_left_out_is_named_and_history_that_is_missing_is_a_failure() {
    for (name, make, is_missing) in STRANGE {
        let (host, archive) = with_sealed_history();
        let script = format!("cd {} && {make}", host.data().display());
        tool("bash", &["-ec", &script]).ok();
        let done = host.osmon(&["backup", &archive, "--json"]);
        assert_eq!(done.code, if is_missing { 65 } else { 0 }, "{name}: {}", done.err);
        let json = done.json();
        let left_out = json["left_out"].as_array().unwrap();
        assert_eq!((left_out.len(), &left_out[0]["path"]), (1, &name.into()), "{name}: {json}");
        assert_eq!((json["complete"] == false, left_out[0]["needed"] == true), (is_missing, is_missing), "{name}");
        assert!(done.err.contains(&format!("not in the backup: {name} ")), "{name}: {}", done.err);
        assert!(Path::new(&archive).exists(), "{name}: what can be packed is packed");
        host.osmon(&["restore", "--check", &archive]).ok();
        let verified = host.osmon(&["verify", "--json"]);
        assert_eq!(verified.code, done.code, "{name}: {}", verified.out);
        let list = verified.json()[if is_missing { "finding" } else { "remark" }].clone();
        assert!(list.as_array().unwrap().iter().any(|found| found["file"] == name), "{name}: {}", verified.out);
    }
}

#[test]
fn a_link_of_another_user_leads_root_nowhere() {
    if !nix::unistd::geteuid().is_root() {
        return super::harness::skip("a link that was made for root", "only root can be led astray");
    }
    let (host, archive) = with_history();
    let (secret, link) = (host.path("secret"), host.data().join("snapshots/2026-11-01.jsonl.gz"));
    fs::write(&secret, "secret").unwrap();
    symlink(&secret, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(65534), Some(65534)).unwrap();
    let done = host.osmon(&["backup", &archive]);
    assert_eq!(done.code, 65);
    assert!(done.err.contains("belongs to somebody else"), "{}", done.err);
}

#[test]
fn a_backup_is_never_put_into_the_data_directory() {
    let (host, _) = with_history();
    let alias = host.path("alias");
    symlink(host.data(), &alias).unwrap();
    for place in [host.data().join("b.tar.gz"), alias.join("b.tar.gz"), host.data().join("state/b.tar.gz")] {
        assert_eq!(host.osmon(&["backup", place.to_str().unwrap()]).code, 73);
    }
}
