//! `install.sh` and `uninstall.sh` of the archive, in a mount namespace with its own `/usr/local`, `/etc` and `/var/lib`.

use super::harness::{Done, binary, repository, skip, tool};

/// An unpacked archive in /mnt/archive, and a root of which nothing is the host's.
const SET_UP: &str = r#"
mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir -p /mnt/archive/bin /mnt/archive/share/man/man1 /mnt/etc || exit 99
cp "$1" /mnt/archive/bin/osmon; cp "$2"/install.sh "$2"/uninstall.sh /mnt/archive/; echo x >/mnt/archive/share/man/man1/osmon.1
(cd /mnt/archive && find bin share -type f | xargs sha256sum >SHA256SUMS)
printf 'root:x:0:0::/root:/bin/sh\n' >/mnt/etc/passwd; printf 'root:x:0:\n' >/mnt/etc/group
mount --bind /mnt/etc /etc && for at in /var/lib /usr/local /run; do mount -t tmpfs -o mode=755 tmpfs $at || exit 99; done
mkdir /mnt/tools
for name in sh dirname id sha256sum uname mktemp mkdir find sort cp mv grep rm cat sed chown chmod rmdir; do
  ln -s "$(command -v $name)" /mnt/tools/$name
done
"#;

/// Runs a script there; `None`: this user may not make namespaces.
fn archive(script: &str) -> Option<Done> {
    let scripts = repository("contrib/release").display().to_string();
    let done = tool("unshare", &["-m", "sh", "-c", &format!("{SET_UP}{script}"), "sh", binary("osmon"), &scripts]);
    if done.code == 99 || done.code == 127 || done.err.contains("unshare failed") {
        skip("install.sh", &done.err);
        return None;
    }
    Some(done)
}

#[test]
fn without_the_programs_for_an_account_nothing_is_installed() {
    let Some(done) = archive("PATH=/mnt/tools sh /mnt/archive/install.sh; echo $?; find /usr/local /var/lib -type f")
    else {
        return;
    };
    assert_eq!(done.out, "1\n", "{}", done.err);
    assert!(done.err.contains("install.sh: groupadd is missing"), "{}", done.err);
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
}

#[test]
fn where_the_account_exists_it_installs_and_a_broken_program_is_removed_with_advice() {
    let Some(done) = archive(
        "echo osmon:x:499: >>/etc/group; echo osmon:x:499:499::/:/bin/false >>/etc/passwd
PATH=/mnt/tools SCHEDULE=off sh /mnt/archive/install.sh >&2; echo $?; ls /usr/local/bin
echo broken >/usr/local/bin/osmon; PATH=/mnt/tools sh /mnt/archive/uninstall.sh --yes; find /usr/local -type f",
    ) else {
        return;
    };
    let expected = "0\nosmon\nRemoved. If you want to be rid of the history too: rm -r /var/lib/osmon /etc/osmon\nThe user and the group osmon stay; then: userdel osmon; groupdel osmon\n";
    assert_eq!(done.out, expected, "{}", done.err);
}
