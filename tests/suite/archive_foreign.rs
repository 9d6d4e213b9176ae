//! Archives that were unpacked and packed again, by every tar there is: restored, or refused with the reason.

use super::archive::{refused, tree, with_history};
use super::harness::{Host, skip, tool};
use std::fs;

/// Directory with an unpacked backup, that may hold names that an old tar cannot store.
fn unpacked(host: &Host, archive: &str, has_long_names: bool) -> String {
    if has_long_names {
        for name in [&b"caf\xe9"[..], b"line\nbreak", &[b'n'; 200], &[b'm'; 101]] {
            fs::write(host.data().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name)), name)
                .unwrap();
        }
        let deep = host.data().join("d".repeat(150)).join("e".repeat(150));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("f"), "deep").unwrap();
    }
    host.osmon(&["backup", archive]).ok();
    let directory = host.path("unpacked").display().to_string();
    fs::create_dir(&directory).unwrap();
    tool("tar", &["xzf", archive, "-C", &directory]).ok();
    directory
}

/// Program, the command that packs `.` into `$T`, and whether names of any length are possible.
const PACKERS: [(&str, &str, bool); 24] = [
    ("tar", "tar cz --format=v7 -f $T .", false),
    ("tar", "tar cz --format=v7 -f $T *", false),
    ("tar", "tar cz --format=ustar -f $T .", false),
    ("tar", "tar cz --format=oldgnu -f $T .", true),
    ("tar", "tar cz --format=gnu -f $T .", true),
    ("tar", "tar cz --format=pax -f $T .", true),
    ("tar", "tar cz --format=pax --pax-option=globexthdr.name=g,comment:=made -f $T .", true),
    ("tar", "tar cz --format=pax --xattrs --acls -f $T .", true),
    (
        "tar",
        "tar cz --format=gnu --sort=name --owner=0 --numeric-owner -f $T MANIFEST.json --exclude=MANIFEST.json ./*",
        true,
    ),
    ("tar", "tar c --format=gnu -f $T .", true),
    ("tar", "tar c --format=v7 -f $T .", false),
    ("tar", "tar c . > $T.a; split -n 7 $T.a $T.b.; for p in $T.b.*; do gzip -c $p; done > $T; rm $T.*", true),
    ("pigz", "tar c . | pigz -b 128 -i > $T", true),
    ("bsdtar", "bsdtar czf $T .", true),
    ("bsdtar", "bsdtar czf $T --format=pax .", true),
    ("bsdtar", "bsdtar czf $T --format=ustar .", false),
    ("bsdtar", "bsdtar czf $T --format=gnutar .", true),
    ("bsdtar", "bsdtar cf $T --format=v7 .", false),
    ("busybox", "busybox tar czf $T .", true),
    ("busybox", "busybox tar cf $T *", true),
    (
        "python3",
        "python3 -c 'import tarfile,sys; t=tarfile.open(sys.argv[1], \"w:gz\", format=tarfile.USTAR_FORMAT); t.add(\".\"); t.close()' $T",
        false,
    ),
    (
        "python3",
        "python3 -c 'import tarfile,sys; t=tarfile.open(sys.argv[1], \"w:gz\", format=tarfile.GNU_FORMAT); t.add(\".\"); t.close()' $T",
        true,
    ),
    (
        "python3",
        "python3 -c 'import tarfile,sys; t=tarfile.open(sys.argv[1], \"w:gz\", format=tarfile.PAX_FORMAT); t.add(\".\"); t.close()' $T",
        true,
    ),
    (
        "python3",
        "python3 -c 'import tarfile,sys; t=tarfile.open(sys.argv[1], \"w\", format=tarfile.PAX_FORMAT); t.add(\".\", \"\"); t.close()' $T",
        true,
    ),
];

fn is_there(program: &str) -> bool {
    let is_there = tool("sh", &["-c", &format!("command -v {program}")]).code == 0;
    if !is_there {
        skip(&format!("archives of {program}"), "it is not installed");
    }
    is_there
}

fn pack(directory: &str, command: &str, target: &str) {
    let done = tool("bash", &["-ec", &format!("set -o pipefail; cd {directory}; T={target}; rm -f $T; {command}")]);
    // Some warn of names that are no UTF-8.
    assert_eq!(done.code, 0, "{command}: {}", done.err);
}

#[test]
fn packed_again_by_any_tar_it_is_restored() {
    for long in [false, true] {
        let (host, archive) = with_history();
        let directory = unpacked(&host, &archive, long);
        let whole = tree(&host.data());
        let (target, again) = (host.path("t.tar").display().to_string(), host.path("again"));
        for (program, command, _) in PACKERS.iter().filter(|(_, _, any)| !long || *any) {
            if !is_there(program) {
                continue;
            }
            pack(&directory, command, &target);
            let done = host.osmon(&["restore", &target, "--to", again.to_str().unwrap()]);
            assert_eq!((done.code, done.err.as_str()), (0, ""), "{command}");
            assert_eq!(tree(&again), whole, "{command}");
            fs::remove_dir_all(&again).unwrap();
        }
    }
}

/// Program, the command, and the reason that is given.
const REFUSED: [(&str, &str, &str); 14] = [
    ("tar", "echo x > extra; tar czf $T .; rm extra", "extra is not in the manifest"),
    ("tar", "tar czf $T --exclude=state .", "is in the manifest and not in the archive"),
    ("tar", "ln MANIFEST.json hard; tar czf $T .; rm hard", "is not a regular file but a hard link"),
    ("tar", "ln -s /etc soft; tar czf $T .; rm soft", "\"soft\" is not a regular file but a symbolic link"),
    ("tar", "mkfifo p; tar czf $T .; rm p", "\"p\" is not a regular file but a device or a pipe"),
    ("tar", "truncate -s 1M hole; tar czSf $T .; rm hole", "\"hole\" is not a regular file but a sparse file"),
    ("tar", "truncate -s 1M hole; tar czSf $T --format=pax .; rm hole", "is not a regular file but a sparse file"),
    ("zstd", "tar c . | zstd -q > $T", "unpack it first: zstd -dc FILE | osmon restore -"),
    ("xz", "tar cJf $T .", "unpack it first: xz -dc"),
    ("bzip2", "tar cjf $T .", "unpack it first: bzip2 -dc"),
    ("bsdtar", "bsdtar czf $T --format=newc .", "damaged or no tar.gz"),
    ("bsdtar", "bsdtar cf $T --format=zip .", "damaged or no tar.gz"),
    ("tar", "tar cf $T.a .; head -c 9000 $T.a | gzip > $T; rm $T.a", "damaged or no tar.gz"),
    (
        "python3",
        "python3 -c 'import sys; n=2**21; h=bytearray(512); h[:1]=b\"x\"; h[100:108]=b\"0000644\\0\"; h[124:136]=b\"%011o\\0\"%n; h[156:157]=b\"x\"; h[257:265]=b\"ustar\\0\"+b\"00\"; h[148:156]=b\" \"*8; h[148:156]=b\"%06o\\0 \"%sum(h); open(sys.argv[1],\"wb\").write(bytes(h)+bytes(n))' $T",
        "an extension header is too large",
    ),
];

#[test]
fn what_is_refused_is_refused_with_the_reason() {
    let (host, archive) = with_history();
    let directory = unpacked(&host, &archive, false);
    let target = host.path("t.tar").display().to_string();
    for (program, command, why) in REFUSED {
        if is_there(program) {
            pack(&directory, command, &target);
            refused(&host, &target, why);
        }
    }
}

#[test]
fn from_pipes() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let whole = tree(&host.data());
    let again = host.path("again");
    let osmon = |arguments: &str| {
        let command = host.command("osmon", &["restore"]);
        let words = command.get_args().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        format!("{} {words} {arguments}", command.get_program().to_str().unwrap())
    };
    for (before, arguments) in [
        ("cat $A |", "- --check"),
        ("cat $A |", "- --to $D"),
        ("cat $A |", "/dev/stdin --to $D"),
        ("", "- --to $D < $A"),
        ("", "/dev/stdin --to $D < $A"),
        ("", "<(cat $A) --to $D"),
        ("gzip -dc $A |", "- --to $D"),
        ("(sleep 0.1; head -c 5 $A; sleep 0.1; tail -c +6 $A) |", "- --to $D"),
    ] {
        let (a, d) = (format!("A={archive}"), format!("D={}", again.display()));
        let script = format!("set -o pipefail; {a}; {d}; {before} {}", osmon(arguments));
        tool("bash", &["-ec", &script]).ok();
        if !arguments.contains("--check") {
            assert_eq!(tree(&again), whole, "{before} {arguments}");
            fs::remove_dir_all(&again).unwrap();
        }
    }
    let cut = format!("head -c 3000 {archive} | {}", osmon("-"));
    let done = tool("bash", &["-c", &cut]);
    assert_eq!(done.code, 65, "{}", done.err);
    assert!(done.err.contains("standard input: it is damaged"), "{}", done.err);
    assert_eq!(tree(&host.data()), whole);
    let litter = fs::read_dir(host.data().parent().unwrap()).unwrap().flatten();
    let litter: Vec<_> =
        litter.map(|entry| entry.file_name()).filter(|name| name.as_encoded_bytes()[0] == b'.').collect();
    assert!(litter.is_empty(), "{litter:?}");
}
