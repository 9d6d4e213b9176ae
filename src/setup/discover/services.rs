//! Services worth watching, from what `systemctl show` prints.

use crate::base::sort::SmallSort;
/// Properties of a unit that are needed here.
pub const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,UnitFileState,Type,WantedBy,FragmentPath";

/// Names of services that people miss when they are down; `*` stands for any text.
const WORTH_WATCHING: &str = "
    ssh sshd dropbear openvpn* wg-quick@* strongswan* tailscaled fail2ban
    nginx apache2 httpd lighttpd caddy haproxy varnish traefik squid php*fpm* tomcat* uwsgi* gunicorn* puma* jetty*
    postgresql* mysql* mariadb* mongod redis* valkey* memcached couchdb cassandra influxd* clickhouse-server
    rabbitmq-server mosquitto kafka* nats* elasticsearch opensearch solr meilisearch
    postfix* exim4 exim opensmtpd dovecot opendkim rspamd spamd clamav-daemon
    named bind9 unbound dnsmasq pdns* knot* kea-dhcp4* isc-dhcp-server* chrony chronyd ntp ntpsec ntpd slapd samba-ad-dc
    smbd nfs-server vsftpd proftpd minio syncthing@*
    docker containerd crio kubelet k3s* libvirtd virtqemud
    cron crond rsyslog gitea forgejo gitlab-runsvdir jenkins grafana-server";

/// Services of the base system that are enabled in `multi-user.target`, too.
const BASE: &str = "
    systemd-* dbus* getty* serial-getty* console-* user@* polkit* packagekit* accounts-daemon udisks2 upower
    unattended-upgrades networkd-dispatcher NetworkManager* ModemManager wpa_supplicant* ifupdown* networking
    snapd* irqbalance multipathd lvm2-* mdmonitor* e2scrub* apt-* dpkg-* bluetooth avahi-daemon cups* colord rtkit-daemon
    switcheroo-control power-profiles-daemon thermald acpid rngd haveged
    cloud-* open-vm-tools vmtoolsd qemu-guest-agent google-* amazon-* walinuxagent whoopsie kerneloops
    osmon osmon-*";

/// Directories of unit files that the administrator wrote.
const OWN: [&str; 2] = ["/etc/systemd/system/", "/usr/local/lib/systemd/system/"];

/// Loaded services of a host, without `.service`, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// Running, and worth watching: known by name, or enabled by whoever runs this host and not of the base system.
    pub running: Vec<String>,
    /// Enabled and worth watching, but not running.
    pub stopped: Vec<String>,
    /// Every name of a loaded service.
    pub known: Vec<String>,
}

impl Services {
    /// The services that are watched already, then the other running ones.
    pub fn beside(&self, watched: &[String]) -> Vec<String> {
        let is_new = |name: &&String| !watched.contains(name);
        watched.iter().chain(self.running.iter().filter(is_new)).cloned().collect()
    }
}

/// Sorts the units that `systemctl show` printed.
pub fn sort(output: &str) -> Services {
    let mut found = Services::default();
    for block in output.split("\n\n") {
        let value = |key: &str| {
            let lines = block.lines().filter_map(|line| line.split_once('='));
            lines.filter(|(name, _)| *name == key).map(|(_, value)| value).next().unwrap_or_default()
        };
        let name = bare(value("Id")).to_string();
        if name.is_empty() || value("LoadState") != "loaded" {
            continue;
        }
        found.known.push(name.clone());
        found.known.extend(value("Names").split(' ').map(|name| bare(name).to_string()));
        let is_enabled = value("UnitFileState").starts_with("enabled");
        let is_own_file = OWN.iter().any(|directory| value("FragmentPath").starts_with(directory));
        // Scripts in `/etc/init.d` are enabled by what systemd generates for them.
        let is_service = (is_enabled || value("UnitFileState") == "generated")
            && value("Type") != "oneshot"
            && value("WantedBy").split(' ').any(|target| target == "multi-user.target");
        let is_known = is_any(WORTH_WATCHING, &name);
        if !(is_known || (is_service && (is_own_file || !is_any(BASE, &name)))) {
            continue;
        }
        match (value("ActiveState"), value("SubState")) {
            ("active" | "reloading", "running") => found.running.push(name),
            // A unit that has done its work, such as the one that starts the clusters of PostgreSQL, does not run.
            ("active", _) => {}
            _ if is_enabled && (is_known || is_own_file) => found.stopped.push(name),
            _ => {}
        }
    }
    for list in [&mut found.running, &mut found.stopped, &mut found.known] {
        list.retain(|name| !name.is_empty());
        list.arrange();
        list.dedup();
    }
    found
}

/// The name of a unit as the configuration has it.
fn bare(unit: &str) -> &str {
    unit.strip_suffix(".service").unwrap_or(unit)
}

fn is_any(patterns: &str, name: &str) -> bool {
    patterns.split_whitespace().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.is_empty() || pattern.ends_with('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("ssh", "ssh", true),
            ("ssh", "sshd", false),
            ("postgresql*", "postgresql@15-main", true),
            ("php*fpm*", "php8.2-fpm", true),
            ("php*fpm*", "php8.2", false),
            ("wg-quick@*", "wg-quick@wg0", true),
            ("nginx", "my-nginx", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn units_are_sorted_by_what_they_do() {
        let unit = |id: &str, load: &str, active: &str, sub: &str, file: &str| {
            format!(
                "Id={id}.service\nNames={id}.service alias.service\nLoadState={load}\nActiveState={active}\nSubState={sub}\nUnitFileState={file}\n"
            )
        };
        let output = [
            unit("ssh", "loaded", "active", "running", "enabled"),
            unit("postgresql", "loaded", "active", "exited", "enabled"),
            unit("postgresql@15-main", "loaded", "active", "running", "enabled-runtime"),
            unit("nginx", "loaded", "failed", "failed", "enabled"),
            unit("redis-server", "loaded", "inactive", "dead", "disabled"),
            unit("exim4", "not-found", "inactive", "dead", ""),
            unit("my-own", "loaded", "active", "running", "enabled"),
        ];
        let found = sort(&output.join("\n"));
        assert_eq!(found.running, ["postgresql@15-main", "ssh"]);
        assert_eq!(found.stopped, ["nginx"]);
        assert!(found.known.contains(&"my-own".to_string()) && found.known.contains(&"alias".to_string()));
        assert!(!found.known.contains(&"exim4".to_string()));
        assert_eq!(sort(""), Services::default());
    }

    #[test]
    fn services_of_ones_own_are_proposed_and_those_of_the_base_system_not() {
        let etc = "/etc/systemd/system";
        let package = "/lib/systemd/system";
        for (name, kind, wanted_by, state, directory, is_running, expected) in [
            ("shop", "simple", "multi-user.target", "enabled", etc, true, "running"),
            ("shop", "notify", "graphical.target multi-user.target", "enabled", package, true, "running"),
            ("shop", "forking", "multi-user.target", "generated", "/run/systemd/generator.late", true, "running"),
            ("shop", "simple", "multi-user.target", "enabled", etc, false, "stopped"),
            ("shop", "simple", "multi-user.target", "enabled", package, false, ""),
            ("shop", "oneshot", "multi-user.target", "enabled", etc, true, ""),
            ("shop", "simple", "", "static", etc, true, ""),
            ("shop", "simple", "multi-user.target", "disabled", etc, true, ""),
            ("shop", "simple", "timers.target", "enabled", etc, true, ""),
            ("systemd-networkd", "notify", "multi-user.target", "enabled", package, true, ""),
            ("systemd-helper", "simple", "multi-user.target", "enabled", etc, true, "running"),
        ] {
            let (active, sub) = if is_running { ("active", "running") } else { ("failed", "failed") };
            let found = sort(&format!(
                "Id={name}.service\nLoadState=loaded\nActiveState={active}\nSubState={sub}\nUnitFileState={state}\n\
                 Type={kind}\nWantedBy={wanted_by}\nFragmentPath={directory}/{name}.service\n"
            ));
            let list = match (found.running.as_slice(), found.stopped.as_slice()) {
                ([_], []) => "running",
                ([], [_]) => "stopped",
                _ => "",
            };
            assert_eq!(list, expected, "{name} {kind} {wanted_by} {state} {directory}");
        }
    }
}
