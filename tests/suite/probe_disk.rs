//! File systems of odd hosts: read-only views, hidden mounts, impossible sizes, long and invalid names.

use super::harness::{Host, binary, skip, tool};
use serde_json::Value;

/// Answers of statvfs(3): block size, blocks, free, available, inodes, free inodes.
pub const ROOMY: &str = "4096 1000000 600000 550000 65536 60000";
pub const FULL: &str = "4096 1000000 10000 10000 65536 60000";

/// A host with these lines of mountinfo, and these mount points with what they state.
pub fn host(mounts: &str, spaces: &[(&str, &str)]) -> Host {
    let host = Host::recorded("vm");
    set(&host, mounts, spaces);
    host
}

fn set(host: &Host, mounts: &str, spaces: &[(&str, &str)]) {
    host.write("proc/self/mountinfo", mounts);
    let line = |(point, space): &(&str, &str)| format!("{point} {space}\n");
    host.write("statvfs", &spaces.iter().map(line).collect::<String>());
}

pub fn run(host: &mut Host, minutes: u32) -> Vec<String> {
    for _ in 0..minutes {
        host.osmon(&["run"]);
        host.advance(60, 1);
    }
    host.events()
}

pub fn snapshot(host: &Host) -> Value {
    host.osmon(&["probe", "--json"]).ok().json()
}

/// Mount point, share used, read-only and by whom, of each file system.
pub fn shown(snapshot: &Value) -> Vec<(String, Option<f64>, bool, bool)> {
    let of = |disk: &Value| {
        let is = |name: &str| disk[name].as_bool().unwrap();
        let used = disk.get("used_percent").and_then(Value::as_f64);
        (disk["mount"].as_str().unwrap().to_string(), used, is("read_only"), is("read_only_by_kernel"))
    };
    snapshot["disk"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_read_only_view_can_fill_and_a_read_only_file_system_cannot() {
    type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], &'c [(&'c str, Option<f64>, bool)], &'c [&'c str]);
    let cases: &[Case<'_>] = &[
        (
            "ostree",
            "20 1 252:4 /ostree/deploy/x/deploy/abc.0 / rw shared:1 - xfs /dev/vda4 rw\n21 20 252:4 / /sysroot ro shared:2 - xfs /dev/vda4 rw\n\
             22 20 252:4 /ostree/deploy/x/deploy/abc.0/usr /usr ro - xfs /dev/vda4 rw\n23 20 252:4 /ostree/deploy/x/var /var rw - xfs /dev/vda4 rw\n",
            &[("/", FULL), ("/sysroot", FULL)],
            &[("/sysroot", Some(99.0), false)],
            &["fired critical File system /sysroot"],
        ),
        (
            "a hardened unit",
            "20 1 8:1 / / ro,noatime - ext4 /dev/sda1 rw\n21 20 8:1 /var/lib/osmon /var/lib/osmon rw - ext4 /dev/sda1 rw\n",
            &[("/", FULL)],
            &[("/", Some(99.0), false)],
            &["fired critical File system /"],
        ),
        (
            "a container that sees its host",
            "700 600 0:77 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/a/diff,workdir=/w\n\
             701 700 8:1 / /host ro - ext4 /dev/sda1 rw\n702 701 0:20 / /host/run ro - tmpfs tmpfs rw,size=1638212k\n\
             703 701 0:90 / /host/var/lib/docker/overlay2/b/merged ro - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/b/diff\n\
             704 700 8:1 /var/lib/docker/containers/a/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
            &[("/", FULL), ("/host", FULL), ("/host/run", ROOMY)],
            &[("/host", Some(99.0), false), ("/host/run", None, false)],
            &["fired critical File system /host"],
        ),
        (
            "images and sealed memory",
            "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n340 20 0:137 / /product/usr rw shared:76 - overlay overlay ro,lowerdir=/a:/b\n\
             341 20 0:138 / /opt/tool ro - tmpfs tmpfs rw,size=1024k\n342 20 8:2 / /vendor ro - ext4 /dev/sda2 ro\n\
             343 20 0:139 / /tank/old rw - zfs tank/old ro\n",
            &[("/", ROOMY), ("/opt/tool", FULL), ("/vendor", FULL), ("/tank/old", FULL), ("/product/usr", FULL)],
            &[
                ("/", Some(42.105), false),
                ("/opt/tool", None, false),
                ("/tank/old", None, true),
                ("/vendor", None, true),
            ],
            &[],
        ),
        (
            "an image as root",
            "20 1 0:30 / / ro - overlay composefs ro,lowerdir=/run/x::/sysroot/y\n21 20 8:1 / /sysroot ro - xfs /dev/sda1 rw\n",
            &[("/", "4096 10000 0 0 100 0"), ("/sysroot", FULL)],
            &[("/", None, true), ("/sysroot", Some(99.0), false)],
            &["fired critical File system /sysroot"],
        ),
        (
            "remounted by a person, and bound elsewhere before",
            "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:17 / /mnt/backup ro - ext4 /dev/sdb1 ro\n22 20 8:17 / /bk rw - ext4 /dev/sdb1 ro\n",
            &[("/", ROOMY), ("/bk", FULL)],
            &[("/", Some(42.105), false), ("/bk", None, true)],
            &[],
        ),
    ];
    for (name, mounts, spaces, expected, events) in cases {
        let mut host = host(mounts, spaces);
        let snapshot = snapshot(&host);
        let expected: Vec<_> =
            expected.iter().map(|(mount, used, read_only)| (mount.to_string(), *used, *read_only, false)).collect();
        assert_eq!(shown(&snapshot), expected, "{name}");
        assert_eq!(snapshot["probe"]["failed"].get("mount"), None, "{name}");
        assert_eq!(run(&mut host, 5), *events, "{name}");
    }
}

#[test]
fn an_error_is_told_from_a_purpose_also_where_views_were_read_only_before() {
    let mounts = |usr: &str, all: &str| {
        format!("20 1 8:1 / / rw - ext4 /dev/sda1 {all}\n21 20 8:1 /usr /usr {usr} - ext4 /dev/sda1 {all}\n")
    };
    let mut host = host(&mounts("ro", "rw"), &[("/", ROOMY)]);
    assert_eq!(run(&mut host, 2), [""; 0]);
    let switched = ["fired critical File system / switched to read-only"];
    set(&host, &mounts("ro", "ro,errors=remount-ro"), &[("/", ROOMY)]);
    assert_eq!(run(&mut host, 2), switched);
    // A view more, which is read-only of itself.
    let more = mounts("ro", "ro") + "22 20 8:1 /srv /mnt/view ro - ext4 /dev/sda1 ro\n";
    set(&host, &more, &[("/", ROOMY)]);
    assert_eq!(run(&mut host, 4), switched);
    set(&host, &mounts("ro", "rw"), &[("/", ROOMY)]);
    assert_eq!(run(&mut host, 4).len(), 2, "it recovered");
    // A person remounts /usr; the root is a view of the same file system.
    set(&host, &mounts("rw", "rw"), &[("/", ROOMY)]);
    run(&mut host, 1);
    set(&host, &mounts("ro", "ro"), &[("/", ROOMY)]);
    assert_eq!(run(&mut host, 3).len(), 2);
    assert_eq!(shown(&snapshot(&host)), [("/".to_string(), None, true, false)]);
}

#[test]
fn what_is_hidden_is_neither_asked_nor_shown() {
    let root = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
    let cases = [
        ("over it", "21 20 8:2 / /m rw - ext4 b rw\n22 21 8:3 / /m rw - xfs c rw\n", "/m", "c"),
        ("over a directory above", "21 20 8:2 / /m/n rw - ext4 b rw\n22 20 8:3 / /m rw - xfs c rw\n", "/m", "c"),
        (
            "by a file system that is not measured",
            "21 20 8:2 / /m rw - ext4 b rw\n22 21 0:50 / /m rw - nfs4 s:/x rw\n",
            "",
            "",
        ),
        (
            "by one that is ignored",
            "21 20 8:2 / /m rw - ext4 b rw\n22 21 7:1 / /m ro - squashfs /dev/loop1 ro\n",
            "",
            "",
        ),
        (
            "and seen elsewhere",
            "21 20 8:2 / /m rw - ext4 b rw\n22 21 0:50 / /m rw - nfs4 s:/x rw\n23 20 8:2 / /mnt/longer rw - ext4 b rw\n",
            "/mnt/longer",
            "b",
        ),
    ];
    for (name, mounts, mount, device) in cases {
        // Nothing is recorded of a hidden mount: asking it would be told as a failure.
        let seen: &[(&str, &str)] = if mount.is_empty() { &[("/", ROOMY)] } else { &[("/", ROOMY), (mount, ROOMY)] };
        let snapshot = snapshot(&host(&format!("{root}{mounts}"), seen));
        assert_eq!(snapshot["probe"]["failed"].get("mount"), None, "{name}");
        let disks = snapshot["disk"].as_array().unwrap();
        let other = disks
            .iter()
            .find(|disk| disk["mount"] != "/")
            .map(|disk| (disk["mount"].as_str(), disk["device"].as_str()));
        assert_eq!(other, (!mount.is_empty()).then_some((Some(mount), Some(device))), "{name}");
    }
}

#[test]
fn impossible_sizes_are_the_worst_they_can_mean_or_absent() {
    let mut mounts = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n".to_string();
    for (number, name) in ["reserved", "odd", "inodes", "huge"].iter().enumerate() {
        mounts += &format!("2{number} 20 8:2{number} / /{name} rw - ext4 /dev/sdb{number} rw\n");
    }
    let spaces = [
        ("/", ROOMY),
        ("/reserved", "4096 1000000 1000 18446744073709500000 65536 60000"),
        ("/odd", "4096 1000000 1200000 1200000 0 0"),
        ("/inodes", "4096 1000000 500000 500000 1000 18446744073709551610"),
        ("/huge", "4096 18446744073709551615 5 5 0 0"),
    ];
    let mut host = host(&mounts, &spaces);
    let snapshot = snapshot(&host);
    let used: Vec<_> = shown(&snapshot).into_iter().map(|(mount, used, ..)| (mount, used)).collect();
    let expected = [("/", Some(42.105)), ("/inodes", Some(50.0)), ("/odd", None), ("/reserved", Some(100.0))];
    assert_eq!(used, expected.map(|(mount, used)| (mount.to_string(), used)));
    assert_eq!(
        (&snapshot["disk"][1]["inodes_used_percent"], &snapshot["disk"][3]["available_bytes"]),
        (&100.0.into(), &0.into())
    );
    let discarded: Vec<&String> = snapshot["probe"]["discarded"].as_object().unwrap().keys().collect();
    assert_eq!(
        discarded,
        ["disk /huge.total", "disk /inodes.inodes_free", "disk /odd.free", "disk /reserved.available"]
    );
    let events = run(&mut host, 4);
    assert_eq!(events, ["fired critical File system /reserved", "fired critical Inodes of /inodes"]);
}

#[test]
fn names_that_differ_in_invalid_bytes_or_late_are_two() {
    let long =
        |end: &str| format!("/var/lib/kubelet/pods/{}/volumes/kubernetes.io~csi/pvc-{end}/mount", "0f3c1d52".repeat(5));
    let points = [long("1"), long("2"), "/a\\033b".to_string(), "/a\\034b".to_string()];
    let mut mounts = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n".to_string();
    let mut spaces = vec![("/", ROOMY)];
    for (number, point) in points.iter().enumerate() {
        mounts += &format!("3{number} 20 8:3{number} / {point} rw - ext4 /dev/sdb rw\n");
        spaces.push((point, FULL));
    }
    let mut host = host(&mounts, &spaces);
    assert_eq!(run(&mut host, 4).len(), 4);
    let listed = host.osmon(&["incidents"]).out;
    let is_id = |word: &&str| word.starts_with("disk");
    let names: Vec<&str> =
        listed.split("\nCRIT ").skip(1).filter_map(|row| row.split_whitespace().find(is_id)).collect();
    assert_eq!(names.len(), 4, "{listed}");
    let told: Vec<String> =
        names.iter().map(|name| host.osmon(&["explain", name, "--json"]).ok().json()["metric"].to_string()).collect();
    assert!(points[..2].iter().all(|point| told.iter().any(|metric| metric.contains(point.as_str()))), "{told:?}");
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{told:?}");
}

#[test]
fn this_kernel_agrees_about_hidden_mounts_views_files_and_overlays() {
    let directory = tempfile::tempdir().unwrap();
    let script = "set -e; cd \"$1\"; mkdir a o r; mount -t tmpfs -o size=8m below a || exit 99; mkdir a/b; mount -t tmpfs -o size=9m hidden a/b
        mount -t tmpfs -o size=10m above a; mkdir a/up a/work a/low a/dir; touch f; dd if=/dev/zero of=a/fill bs=1M count=4 2>/dev/null
        mount -t overlay merged o -o lowerdir=\"$1/a/low\",upperdir=\"$1/a/up\",workdir=\"$1/a/work\"
        touch a/file; mount --bind a/file f; mount --bind a/dir r; mount -o remount,bind,ro r
        exec \"$2\" probe --json --data-dir \"$1/data\"";
    let path = directory.path().to_str().unwrap();
    let done = tool("unshare", &["-m", "sh", "-c", script, "sh", path, binary("osmon")]);
    if done.code == 99 || done.code == 127 || done.err.contains("unshare failed") {
        return skip("mounts of this kernel", &done.err);
    }
    let found = shown(&done.json()).into_iter().filter(|disk| disk.0.starts_with(path)).collect::<Vec<_>>();
    assert_eq!(found, [(format!("{path}/a"), Some(40.0), false, false)], "{}", done.err);
}
