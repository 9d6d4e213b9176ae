//! Services worth watching, from what `systemctl show` prints.

/// Properties of a unit that are needed here.
pub const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,UnitFileState";

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

/// Loaded services of a host, without `.service`, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// Running, and worth watching.
    pub running: Vec<String>,
    /// Enabled and worth watching, but not running.
    pub stopped: Vec<String>,
    /// Every name of a loaded service.
    pub known: Vec<String>,
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
        if !WORTH_WATCHING.split_whitespace().any(|pattern| matches(pattern, &name)) {
            continue;
        }
        match (value("ActiveState"), value("SubState")) {
            ("active" | "reloading", "running") => found.running.push(name),
            // A unit that has done its work, such as the one that starts the clusters of PostgreSQL, does not run.
            ("active", _) => {}
            _ if value("UnitFileState").starts_with("enabled") => found.stopped.push(name),
            _ => {}
        }
    }
    for list in [&mut found.running, &mut found.stopped, &mut found.known] {
        list.retain(|name| !name.is_empty());
        list.sort();
        list.dedup();
    }
    found
}

/// The name of a unit as the configuration has it.
fn bare(unit: &str) -> &str {
    unit.strip_suffix(".service").unwrap_or(unit)
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
}
