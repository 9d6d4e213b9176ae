//! The full name of the host, as mail servers expect it. DNS is not asked: it may be slow.

use super::Root;

impl Root {
    /// The host name with its domain: the host name itself if it has one, else from `/etc/hosts`, `/etc/mailname` or
    /// `/etc/resolv.conf`; the bare host name where none of them knows it.
    pub fn full_name(&self) -> String {
        let text =
            |name| self.etc(name).map(|content| String::from_utf8_lossy(&content).into_owned()).unwrap_or_default();
        let host = self.host_name();
        if is_full(&host) {
            return host;
        }
        let found = from_hosts(&host, &text("hosts")).or_else(|| from_mailname(&text("mailname")));
        found.or_else(|| from_resolver(&host, &text("resolv.conf"))).unwrap_or(host)
    }
}

/// The first full name in a line of `/etc/hosts` that names the host.
fn from_hosts(host: &str, hosts: &str) -> Option<String> {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let names = lines.map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>());
    let is_of = |name: &str| name.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(host));
    let mut own = names.filter(|names| names.iter().any(|name| is_of(name)));
    own.find_map(|names| names.into_iter().find(|name| is_full(name)).map(str::to_string))
}

/// The name of this host, or of its domain, in the mails of other programs.
fn from_mailname(mailname: &str) -> Option<String> {
    mailname.lines().next().map(str::trim).filter(|name| is_full(name)).map(str::to_string)
}

/// The host name in the domain of the last `domain` or `search` line.
fn from_resolver(host: &str, resolver: &str) -> Option<String> {
    let domain = |line: &str| {
        let mut words = line.split_whitespace();
        let is_domain = words.next().is_some_and(|word| word == "domain" || word == "search");
        words.next().filter(|_| is_domain).map(|domain| domain.trim_end_matches('.').to_string())
    };
    let domain = resolver.lines().filter_map(domain).next_back().filter(|domain| !domain.is_empty())?;
    Some(format!("{host}.{domain}")).filter(|name| is_full(name))
}

/// Returns whether a name has a domain that is meant for other hosts.
pub fn is_full(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = labels.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    let is_local = labels.last().is_some_and(|last| ["localdomain", "localhost"].contains(last));
    labels.len() > 1 && name.len() < 254 && labels.iter().all(is_label) && !is_number && !is_local
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn full_name(host: &str, files: &[(&str, &str)]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir_all(path("proc/sys/kernel")).unwrap();
        fs::create_dir_all(path("etc")).unwrap();
        fs::write(path("proc/sys/kernel/hostname"), format!("{host}\n")).unwrap();
        for (name, text) in files {
            fs::write(path("etc").join(name), text).unwrap();
        }
        Root::new(Some(directory.path())).full_name()
    }

    #[test]
    fn the_full_name_comes_from_the_first_file_that_knows_it() {
        let hosts =
            ("hosts", "127.0.0.1 localhost.localdomain localhost\n127.0.1.1\tweb-01.example.org web-01 # own\n");
        let resolver = ("resolv.conf", "nameserver 192.0.2.1\nsearch corp.example. other.example\n");
        let mailname = ("mailname", "mail.example.net\n");
        for (host, files, expected) in [
            ("web-01", &[][..], "web-01"),
            ("web-01.example.com", &[hosts], "web-01.example.com"),
            ("web-01", &[hosts, mailname, resolver], "web-01.example.org"),
            ("WEB-01", &[hosts], "web-01.example.org"),
            ("web-01", &[("hosts", "10.0.0.5 web-01 web-01.lan.example\n")], "web-01.lan.example"),
            ("web-01", &[("hosts", "10.0.0.5 web-01.lan.example\n")], "web-01.lan.example"),
            ("web-01", &[("hosts", "127.0.1.1 web-01.localdomain web-01\n"), resolver], "web-01.corp.example"),
            ("web", &[hosts, mailname], "mail.example.net"),
            ("web", &[("mailname", "web\n"), resolver], "web.corp.example"),
            ("web", &[("mailname", "localhost.localdomain\n"), ("resolv.conf", "domain a.b\nsearch c.d\n")], "web.c.d"),
            ("web", &[("resolv.conf", "search .\n")], "web"),
            ("web", &[("resolv.conf", "search\n")], "web"),
            ("web_1", &[resolver], "web_1"),
            ("localhost", &[hosts], "localhost"),
            ("192.0.2.1", &[], "192.0.2.1"),
        ] {
            assert_eq!(full_name(host, files), expected, "{host} {files:?}");
        }
    }
}
