//! Backup and restore: verified before anything is touched.

use super::harness::{Done, Host, tool};
use std::fs;
use std::path::Path;

/// Every file of a data directory with a checksum of its content.
pub fn tree(directory: &Path) -> Vec<(String, u32)> {
    let mut files = Vec::new();
    let mut below = vec![directory.to_path_buf()];
    while let Some(next) = below.pop() {
        for entry in fs::read_dir(&next).unwrap().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(directory).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                below.push(path);
            } else if !["lock", "reserve", "report.html", "report.json", "outbox/lock", "run.lock"]
                .contains(&name.as_str())
            {
                files.push((name, crc32fast::hash(&fs::read(&path).unwrap())));
            }
        }
    }
    files.sort();
    files
}

/// The files after a restore in place, which adds a note for the next run.
pub fn restored(host: &Host) -> Vec<(String, u32)> {
    let (note, files): (Vec<_>, Vec<_>) =
        tree(&host.data()).into_iter().partition(|(name, _)| name == "state/marks.json");
    assert_eq!(note.len(), 1, "the next run marks the restoration");
    files
}

pub fn with_history() -> (Host, String) {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.advance(60, 10);
        host.osmon(&["run"]).ok();
    }
    let archive = host.path("backup.tar.gz").display().to_string();
    (host, archive)
}

#[test]
fn there_and_back_again() {
    let (mut host, archive) = with_history();
    let before = tree(&host.data());
    let done = host.small("osmon-backup", &[&archive, "-v"]).ok();
    assert!(done.out.contains("verified"), "{}", done.out);
    assert_eq!(host.osmon(&["backup", &archive]).code, 73, "an existing file is not replaced");
    host.osmon(&["backup", &archive, "--force"]).ok();
    assert!(tool("tar", &["tzf", &archive]).ok().out.trim_end().ends_with("MANIFEST.json"), "any tar reads it");
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    let newer = tree(&host.data());
    let done = host.osmon(&["restore", &archive, "-v"]).ok();
    assert_eq!(restored(&host), before);
    let aside = done.out.split("what was there is in ").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(tree(Path::new(aside)), newer, "what was there is kept: {}", done.out);
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(host.snapshots().len(), 4, "recording goes on");
}

#[test]
fn to_an_empty_host_and_to_another_directory() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let before = tree(&host.data());
    let other = host.path("look");
    host.osmon(&["restore", &archive, "--to", other.to_str().unwrap()]).ok();
    assert_eq!(tree(&other), before);
    assert_eq!(host.osmon(&["restore", &archive, "--to", other.to_str().unwrap()]).code, 73);
    fs::remove_dir_all(host.data()).unwrap();
    assert!(host.osmon(&["restore", &archive, "--check", "-v"]).ok().out.contains("intact"));
    assert!(!host.data().exists());
    host.small("osmon-restore", &[&archive]).ok();
    assert_eq!(restored(&host), before);
}

#[test]
fn an_alert_that_waits_survives_and_a_link_stays_a_link() {
    let (mut host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    host.config = "[alert]\nto = [\"a@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/false\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n".into();
    host.advance(60, 10);
    assert_eq!(host.osmon(&["run"]).code, 74);
    let elsewhere = host.path("elsewhere");
    fs::rename(host.data(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, host.data()).unwrap();
    host.osmon(&["restore", &archive]).ok();
    assert_eq!(fs::read_dir(elsewhere.join("outbox/new")).unwrap().count(), 1, "it goes on waiting");
    assert!(host.data().symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_full_disk_is_not_the_archive_s_fault() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let small = host.path("small");
    fs::create_dir(&small).unwrap();
    if tool("mount", &["-t", "tmpfs", "-o", "size=8k", "tmpfs", small.to_str().unwrap()]).code != 0 {
        return super::harness::skip("a full disk while restoring", "a tmpfs cannot be mounted here");
    }
    let done = host.osmon(&["restore", &archive, "--to", small.join("x").to_str().unwrap()]);
    tool("umount", &[small.to_str().unwrap()]).ok();
    assert_eq!(done.code, 74, "{}", done.err);
    assert!(done.err.contains("No space left on device") && !done.err.contains("damaged"), "{}", done.err);
}

/// Every version reads the shipped sample.
#[test]
fn the_sample_can_be_restored_drawn_and_asked() {
    let host = Host::recorded("vm");
    let look = host.path("look");
    let sample = super::harness::repository("data/sample/web-01.tar.gz");
    host.osmon(&["restore", sample.to_str().unwrap(), "--to", look.to_str().unwrap()]).ok();
    let on = |arguments: &[&str]| {
        let mut command = std::process::Command::new(super::harness::binary("osmon"));
        let output =
            command.args(arguments).args(["--now", super::harness::BEGIN, "--data-dir"]).arg(&look).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    on(&["graph"]);
    let page = fs::read_to_string(look.join("report.html")).unwrap();
    assert!(
        page.contains("web-01")
            && page.contains("1416 snapshots in the last 24 h")
            && page.contains("<h1>Warning</h1>")
    );
    assert!(page.len() < 320_000, "{} bytes", page.len());
    let top = on(&["top", "--at", "2026-11-20T14:40:00Z"]);
    assert!(top.lines().nth(3).is_some_and(|line| line.contains("238") && line.contains("java")), "{top}");
}

pub fn refused(host: &Host, archive: &str, why: &str) -> Done {
    let before = tree(&host.data());
    let done = host.osmon(&["restore", archive]);
    assert_eq!(done.code, 65, "{}", done.err);
    assert!(done.err.contains(why) && done.err.contains("nothing was changed"), "{} lacks {why}", done.err);
    assert_eq!(tree(&host.data()), before);
    let litter = fs::read_dir(host.data().parent().unwrap())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("restor"))
        .count();
    assert_eq!(litter, 0, "nothing is left lying about");
    done
}

#[test]
fn an_archive_that_is_damaged_anywhere_changes_nothing() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let whole = fs::read(&archive).unwrap();
    let broken = host.path("broken.tar.gz");
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&broken, &whole[..cut]).unwrap();
        refused(&host, broken.to_str().unwrap(), "");
    }
    for at in (20..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&broken, &flipped).unwrap();
        // A few bits of a deflate stream are padding: the content must then be unchanged.
        let content = |file: &str| tool("sh", &["-c", &format!("gzip -dc {file} | sha256sum")]).out;
        if content(broken.to_str().unwrap()) != content(&archive)
            || tool("gzip", &["-t", broken.to_str().unwrap()]).code != 0
        {
            refused(&host, broken.to_str().unwrap(), "");
        }
    }
    fs::write(&broken, "not an archive").unwrap();
    refused(&host, broken.to_str().unwrap(), "damaged or no tar.gz");
}

#[test]
fn an_archive_that_was_made_to_do_harm_is_refused() {
    let (host, _) = with_history();
    let make = |script: &str| {
        let directory = host.path("evil");
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let archive = host.path("evil.tar.gz").display().to_string();
        tool("bash", &["-ec", &format!("cd {} && {script} && tar czPf {archive} $FILES $MORE", directory.display())])
            .ok();
        archive
    };
    let archive = make("echo x > ../outside; FILES=../outside");
    refused(&host, &archive, "outside the data directory");
    let archive = make("echo x > /tmp/osmon-absolute; FILES=/tmp/osmon-absolute");
    refused(&host, &archive, "outside the data directory");
    let archive = make("ln -s /etc state; FILES=state");
    refused(&host, &archive, "is not a regular file");
    let long = "x".repeat(150);
    let archive = make(&format!("echo x > {long}; FILES='--format=gnu {long}'"));
    refused(&host, &archive, "it has no manifest");
    let archive = make("echo x > a; tar cf t a; tar rf t a; gzip t; cp t.gz twice; FILES=a");
    fs::copy(host.path("evil/twice"), &archive).unwrap();
    refused(&host, &archive, "\"a\" is in it twice");
    let archive = make("echo x > a; FILES=a");
    refused(&host, &archive, "it has no manifest");
    let archive = make(
        "echo x > a; echo '{\"schema\":1,\"version\":\"\",\"host\":\"\",\"created\":\"\",\"file\":[{\"path\":\"a\",\"bytes\":2,\"sha256\":\"00\"}]}' > MANIFEST.json; FILES=a; MORE=MANIFEST.json",
    );
    refused(&host, &archive, "a is not what the manifest says");
    let _ = fs::remove_file("/tmp/osmon-absolute");
}
