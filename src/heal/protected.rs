//! Programs that are not ended. A name that ends in `*` is a beginning.

/// Never, not even when the allow-list names them: the host cannot be reached, used or trusted without them, or what they
/// write is damaged when they are interrupted.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    // The system itself.
    "init", "systemd*", "(sd-*", "runit*", "s6-*", "openrc*", "udevd", "eudev*", "elogind*", "dbus-*", "polkitd",
    "rsyslogd", "syslog-ng", "syslogd", "auditd", "chronyd", "ntpd", "watchdog*", "osmon*",
    // Logins, and the ways in.
    "sshd*", "dropbear", "login", "su", "sudo", "doas", "agetty", "getty", "mgetty", "gdm*", "sddm*", "lightdm*",
    "lxdm*", "xdm", "Xorg", "Xwayland", "gnome-session*", "gnome-shell", "plasmashell", "startplasma*", "ksmserver",
    "kwin_*", "xfce4-session", "mate-session", "cinnamon-sessi*", "xinit", "startx", "sway", "cockpit-*", "openvpn",
    "wg-quick", "tailscaled",
    // Schedulers.
    "cron", "crond", "fcron", "dcron", "anacron", "atd",
    // The network.
    "NetworkManager", "nm-*", "ModemManager", "wpa_supplicant", "iwd", "dhclient", "dhcpcd", "udhcpc", "connmand",
    "netplan*", "dnsmasq", "unbound", "named", "pppd", "keepalived", "firewalld", "nscd", "sssd*", "winbindd",
    // Containers and virtual machines.
    "dockerd", "docker-proxy", "docker-init", "containerd*", "conmon*", "crio", "cri-o", "runc", "crun", "podman",
    "kubelet", "kube-*", "k3s*", "lxc-*", "lxd", "incusd", "lxcfs", "libvirtd", "virtqemud", "virtlogd", "qemu-*",
    // Disks and file systems.
    "fsck*", "e2fsck", "xfs_repair", "mkfs*", "mke2fs", "resize2fs", "xfs_growfs", "tune2fs", "btrfs*", "zfs",
    "zpool", "zed", "lvm*", "lvcreate", "lvextend", "pvmove", "vgchange", "dmeventd", "mdadm", "mdmon", "multipathd",
    "iscsid", "cryptsetup", "dd", "parted", "fdisk", "partclone*", "mount.*", "rpc.*", "nfsd", "glusterfs*", "ceph-*",
    // Packages and firmware.
    "apt*", "dpkg*", "aptitude", "unattended-upgr*", "rpm*", "dnf*", "yum*", "microdnf", "zypper", "packagekitd",
    "PackageKit", "pacman", "apk", "snapd", "snap", "flatpak*", "fwupd*", "update-initramf*", "dracut", "mkinitcpio",
    "grub-*", "dkms",
];

/// Only when the allow-list names the program itself, not merely its interpreter: databases, backups, and what keeps the
/// sessions of people.
#[rustfmt::skip]
const BY_NAME: &[&str] = &[
    "postgres*", "postmaster", "mysqld*", "mariadbd*", "mongod", "mongos", "redis-server", "valkey-server",
    "keydb-server", "etcd", "influxd", "clickhouse*", "cockroach", "couchdb", "cassandra", "slapd", "ns-slapd",
    "oracle*", "ora_*", "db2sysc", "sqlservr", "firebird", "victoria*", "prometheus", "elasticsearch", "opensearch",
    "borg*", "restic", "rsync", "rclone", "kopia", "duplicity", "duply", "rdiff-backup", "rsnapshot", "bacula*",
    "bareos*", "amanda*", "amdump", "veeam*", "timeshift", "snapper", "tar", "cpio", "dump", "restore", "xfsdump",
    "xfsrestore", "pg_dump*", "pg_restore", "pg_basebackup", "pgbackrest", "barman*", "mysqldump", "mariadb-dump",
    "mariadb-backup", "mariabackup", "xtrabackup", "mongodump", "vzdump", "proxmox-backup*", "tmux*", "screen",
    "SCREEN", "mosh-server", "zellij",
];

/// Programs that execute a script: its name is as good as that of a program.
const INTERPRETERS: &[&str] =
    &["python*", "perl*", "ruby*", "node*", "php*", "lua*", "bash", "dash", "sh", "ksh*", "zsh", "java", "busybox"];

fn is_in(name: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *entry,
    })
}

/// The name for which a process is protected; `None`: it is not. `program`: base name of the executable, which the
/// allow-list names; `name`: the name that the process gave itself; `script`: its first argument.
pub fn protected_as<'a>(program: &'a str, name: &'a str, script: &'a str) -> Option<&'a str> {
    let script = if is_in(program, INTERPRETERS) { script } else { "" };
    let never = [program, name, script].into_iter().find(|name| is_in(name, NEVER));
    let by_name = || [name, script].into_iter().find(|name| is_in(name, BY_NAME));
    never.or_else(|| if is_in(program, BY_NAME) { None } else { by_name() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_depends_on_is_never_ended() {
        for program in [
            "systemd",
            "systemd-journald",
            "systemd-udevd",
            "systemd-logind",
            "dbus-daemon",
            "dbus-broker-launch",
            "cron",
            "crond",
            "sshd",
            "sshd-session",
            "login",
            "NetworkManager",
            "wpa_supplicant",
            "dhclient",
            "dockerd",
            "containerd-shim-runc-v2",
            "conmon",
            "kubelet",
            "apt-get",
            "dpkg",
            "rpm",
            "dnf",
            "fsck.ext4",
            "e2fsck",
            "mkfs.xfs",
            "lvm",
            "mdadm",
            "osmon",
            "sudo",
            "gnome-shell",
        ] {
            assert_eq!(protected_as(program, "x", ""), Some(program));
            // Also when only the process calls itself so: refusing is the safe side.
            assert_eq!(protected_as("hog", program, ""), Some(program));
        }
        for program in ["hog", "chromium", "java", "python3.11", "sshfs", "loginctl-x", "cronolog", "aperture"] {
            assert_eq!(protected_as(program, program, ""), None);
        }
    }

    #[test]
    fn a_script_counts_under_its_own_name() {
        assert_eq!(protected_as("python3.11", "dnf", "dnf"), Some("dnf"));
        assert_eq!(protected_as("python3.11", "python3", "unattended-upgrade"), Some("unattended-upgrade"));
        assert_eq!(protected_as("python3.11", "python3", "borg"), Some("borg"));
        assert_eq!(protected_as("perl", "rsnapshot", ""), Some("rsnapshot"));
        // Of a program that is no interpreter, the first argument says nothing.
        assert_eq!(protected_as("hog", "hog", "borg"), None);
        assert_eq!(protected_as("python3.11", "python3", "report.py"), None);
    }

    #[test]
    fn databases_and_backups_are_ended_only_by_their_own_name() {
        for program in ["postgres", "mysqld", "borg", "restic", "rsync", "pg_dump", "tmux"] {
            assert_eq!(protected_as("hog", program, ""), Some(program), "not by the name it gave itself");
            assert_eq!(protected_as(program, program, ""), None, "the allow-list names it");
        }
        assert_eq!(protected_as("borg", "sshd", ""), Some("sshd"));
    }
}
