//! Ways to send mail that a host has already: msmtp, another sendmail, a mail server on this host.

use super::{exists, text};
use crate::setup::answers::{Sending, Server};
use std::path::{Path, PathBuf};

const MSMTP: [&str; 2] = ["/usr/bin/msmtp", "/usr/local/bin/msmtp"];
const SENDMAIL: [&str; 3] = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/sendmail"];
const ALIASES: [&str; 2] = ["etc/aliases", "etc/mail/aliases"];
/// The port of mail servers in `/proc/net/tcp`, and the state of a socket that listens.
const PORT: &str = "0019";
const LISTENS: &str = "0A";
/// Addresses in `/proc/net/tcp` that a connection to localhost reaches: 127.0.0.1, 0.0.0.0, ::1 and ::.
const LOCAL: [&str; 4] =
    ["0100007F", "00000000", "00000000000000000000000001000000", "00000000000000000000000000000000"];

/// Ways to send mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// msmtp.
    pub msmtp: Option<Msmtp>,
    /// A sendmail that is not msmtp.
    pub sendmail: Option<String>,
    /// A mail server listens on port 25 of this host.
    pub is_relay: bool,
    /// Where the mails of root go (`/etc/aliases`), if that is an address.
    pub root_alias: Option<String>,
}

/// An installed msmtp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Msmtp {
    /// Path of the program.
    pub program: String,
    /// Its configuration; `None`: it has none, and can send nothing.
    pub config: Option<PathBuf>,
}

impl Mail {
    /// The ways that work as they are, each with its name for people; the best one first.
    pub fn ways(&self) -> Vec<(String, Sending)> {
        let msmtp = self.msmtp.as_ref().and_then(|msmtp| {
            let config = msmtp.config.as_ref()?;
            Some((format!("msmtp ({})", config.display()), Sending::Program(msmtp.program.clone())))
        });
        // Unlike a program that only queues, the server says at once whether it accepts the recipient.
        let relay = self.is_relay.then(|| {
            let server = Server { host: "localhost".to_string(), security: "none".to_string(), ..Server::default() };
            ("the mail server on this host (localhost:25)".to_string(), Sending::Smtp(server))
        });
        let sendmail = self.sendmail.clone().map(|program| (program.clone(), Sending::Program(program)));
        msmtp.into_iter().chain(relay).chain(sendmail).collect()
    }
}

/// Looks at the host below `base`. `home` is the home directory of this user, `sockets` the text of `/proc/net/tcp` and
/// `tcp6`.
pub fn find(base: &Path, home: Option<&Path>, sockets: &str) -> Mail {
    let msmtp = MSMTP
        .iter()
        .find(|program| exists(base, program))
        .map(|program| Msmtp { program: (*program).to_string(), config: msmtp_config(base, home) });
    let sendmail = SENDMAIL.iter().find(|program| exists(base, program) && !is_msmtp(base, program));
    Mail {
        msmtp,
        sendmail: sendmail.map(ToString::to_string),
        is_relay: sockets.lines().any(is_mail_server),
        root_alias: ALIASES.iter().find_map(|file| root_alias(&text(base, file))),
    }
}

/// The configuration that msmtp reads: that of the user, else that of the system.
fn msmtp_config(base: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let own = home.into_iter().flat_map(|home| [home.join(".msmtprc"), home.join(".config/msmtp/config")]);
    own.chain([base.join("etc/msmtprc")]).find(|file| file.is_file())
}

/// Returns whether a sendmail is a link to msmtp, as the package msmtp-mta makes it.
fn is_msmtp(base: &Path, program: &str) -> bool {
    let target = std::fs::canonicalize(base.join(program.trim_start_matches('/')));
    target.is_ok_and(|target| target.file_name().is_some_and(|name| name == "msmtp"))
}

/// Returns whether a line of `/proc/net/tcp` is a mail server that accepts connections of this host.
fn is_mail_server(line: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let local = words.next().and_then(|local| local.split_once(':'));
    let is_listening = words.nth(1) == Some(LISTENS);
    is_listening && local.is_some_and(|(address, port)| port == PORT && LOCAL.contains(&address))
}

/// The first address to which the mails of root go.
fn root_alias(aliases: &str) -> Option<String> {
    let mut names = aliases.lines().filter_map(|line| line.split_once(':'));
    let (_, targets) = names.rfind(|(name, _)| name.trim() == "root")?;
    let target = targets.split(',').map(str::trim).find(|target| crate::config::parse_address(target).is_ok())?;
    Some(target.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_server_that_this_host_can_reach_is_a_relay() {
        let line = |local: &str, state: &str| format!("   0: {local} 00000000:0000 {state} 00000000:00000000 00:0");
        for (local, state, expected) in [
            ("0100007F:0019", "0A", true),
            ("00000000:0019", "0A", true),
            ("00000000000000000000000000000000:0019", "0A", true),
            ("0100007F:0019", "01", false),
            ("0100007F:0016", "0A", false),
            ("0A00000A:0019", "0A", false),
        ] {
            assert_eq!(is_mail_server(&line(local, state)), expected, "{local} {state}");
        }
        assert!(!is_mail_server("  sl  local_address rem_address   st"));
    }

    #[test]
    fn the_alias_of_root_is_an_address_or_nothing() {
        for (aliases, expected) in [
            ("# x\npostmaster: root\nroot: ops@example.org\n", Some("ops@example.org")),
            ("root: anna, ops@example.org", Some("ops@example.org")),
            ("root:   |/usr/bin/program", None),
            ("rootless: ops@example.org", None),
            ("", None),
        ] {
            assert_eq!(root_alias(aliases).as_deref(), expected, "{aliases}");
        }
    }

    #[test]
    fn msmtp_is_found_with_its_configuration_and_its_sendmail_is_no_second_way() {
        let host = tempfile::tempdir().unwrap();
        let base = host.path();
        for directory in ["usr/bin", "usr/sbin", "etc", "home/anna"] {
            fs::create_dir_all(base.join(directory)).unwrap();
        }
        let home = base.join("home/anna");
        assert_eq!(find(base, Some(&home), ""), Mail::default());
        fs::write(base.join("usr/bin/msmtp"), "").unwrap();
        std::os::unix::fs::symlink("../bin/msmtp", base.join("usr/sbin/sendmail")).unwrap();
        let config = |mail: Mail| mail.msmtp.and_then(|msmtp| msmtp.config);
        assert_eq!(find(base, Some(&home), "").sendmail, None);
        assert_eq!(config(find(base, Some(&home), "")), None);
        fs::write(base.join("etc/msmtprc"), "").unwrap();
        assert_eq!(config(find(base, Some(&home), "")), Some(base.join("etc/msmtprc")));
        fs::write(home.join(".msmtprc"), "").unwrap();
        assert_eq!(config(find(base, Some(&home), "")), Some(home.join(".msmtprc")));
        fs::remove_file(base.join("usr/sbin/sendmail")).unwrap();
        fs::write(base.join("usr/sbin/sendmail"), "").unwrap();
        assert_eq!(find(base, None, "").sendmail.as_deref(), Some("/usr/sbin/sendmail"));
    }
}
