//! Services, ways to send mail and a web server of this host.

use super::arguments::Arguments;
use super::parse;
use super::present::Present;
use crate::base::suggestion::hint;
use crate::cli::Call;
use crate::cli::output::Style;
use crate::cli::table::fold_to;
use crate::host::Root;
use crate::setup::discover::mail::{self, Mail};
use crate::setup::discover::services::{PROPERTIES, Services, sort};
use crate::setup::discover::web::{self, WebRoot};
use anyhow::Result;
use nix::unistd::geteuid;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Width of the texts behind the names.
const WIDTH: usize = 66;

/// Services, ways to send mail and a web server of this host.
pub struct Found {
    /// Services.
    pub services: Services,
    /// The reason why services are not known; empty when they are.
    services_unknown: String,
    /// Ways to send mail.
    pub mail: Mail,
    /// A web server.
    pub web: Option<WebRoot>,
    /// Root of the file system.
    pub base: PathBuf,
    root: Root,
}

impl Found {
    /// Looks at the host.
    ///
    /// # Errors
    /// A service of `--watch` does not exist.
    pub fn look(call: &Call, arguments: &Arguments) -> Result<Self, String> {
        let root = Root::new(call.common.root.as_deref());
        let base = call.common.root.clone().unwrap_or_else(|| PathBuf::from("/"));
        let sockets: String =
            ["net/tcp", "net/tcp6"].iter().filter_map(|name| String::from_utf8(root.proc(name).ok()?).ok()).collect();
        // Under sudo it may be that of another user, which cron does not use.
        let is_own = |home: &PathBuf| home.metadata().is_ok_and(|meta| meta.uid() == geteuid().as_raw());
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(is_own);
        let (services, services_unknown) = match root.systemctl_show(PROPERTIES, &[], &[]) {
            Ok(output) => (sort(&output), String::new()),
            Err(reason) => (Services::default(), reason),
        };
        let mail = mail::find(&base, home.as_deref(), &sockets);
        let found = Self { services, services_unknown, mail, web: web::find(&base), base, root };
        if let Some(watch) = arguments.watch.as_deref().filter(|watch| *watch != "auto") {
            found.check_services(&parse::services(watch))?;
        }
        Ok(found)
    }

    /// Checks that services exist: a missing one would be a crisis from the first minute on.
    ///
    /// # Errors
    /// The first missing service, with the name that was probably meant.
    pub fn check_services(&self, names: &[String]) -> Result<(), String> {
        let is_new = |name: &&String| !self.services.known.contains(name);
        let asked: Vec<String> = names.iter().filter(is_new).cloned().collect();
        if asked.is_empty() || !self.services_unknown.is_empty() {
            return Ok(());
        }
        // Units that nothing has used since boot are not loaded until they are asked for.
        let known =
            self.root.systemctl_show(PROPERTIES, &asked, &[]).map(|output| sort(&output).known).unwrap_or_default();
        match asked.iter().find(|name| !known.contains(name)) {
            Some(name) => Err(format!(
                "there is no service {name:?}{}",
                hint(name, self.services.known.iter().map(String::as_str))
            )),
            None => Ok(()),
        }
    }

    /// The full name of this host, or its bare name.
    pub fn full_name(&self) -> String {
        self.root.full_name()
    }

    /// The text above the questions: what was found, and how to answer.
    pub fn heading(&self, call: &Call, present: &Present) -> String {
        let or_none = |text: String| if text.is_empty() { "none found".to_string() } else { text };
        let mut lines = vec![format!("{} · {}", call.out.paint(Style::Bold, "osmon init"), self.root.host_name())];
        let mut add = |name: &str, text: String| lines.extend(named(name, &text));
        let services = match self.services_unknown.as_str() {
            "" => or_none(self.services.running.join(", ")),
            reason => format!("not known: {reason}"),
        };
        add("services", services);
        if !self.services.stopped.is_empty() {
            add("", format!("enabled, but not running: {}", self.services.stopped.join(", ")));
        }
        add("mail", or_none(self.mail_text()));
        if let Some(web) = &self.web {
            add("web root", format!("{} ({}); --web publishes the page there", web.directory, web.server));
        }
        let state = if present.is_new { "new" } else { "its values are proposed" };
        add("settings", format!("{} ({state})", present.path.display()));
        lines.push(String::new());
        lines.push("Enter accepts what is in brackets. Ctrl-C ends; nothing is changed until".to_string());
        lines.push("all is answered and a test mail was accepted.".to_string());
        lines.extend([String::new(), String::new()]);
        lines.join("\n")
    }

    fn mail_text(&self) -> String {
        let is_useless = self.mail.msmtp.as_ref().is_some_and(|msmtp| msmtp.config.is_none());
        let useless = is_useless.then(|| "msmtp without a configuration".to_string());
        let ways = self.mail.ways().into_iter().map(|(name, _)| name);
        useless.into_iter().chain(ways).collect::<Vec<_>>().join(", ")
    }

    /// The findings as JSON.
    pub fn to_json(&self) -> Value {
        let mail = &self.mail;
        json!({
            "service": self.services.running,
            "stopped_service": self.services.stopped,
            "msmtp": mail.msmtp.as_ref().and_then(|msmtp| msmtp.config.as_deref()).map(Path::display).map(|path| path.to_string()),
            "sendmail": mail.sendmail, "mail_server": mail.is_relay, "root_alias": mail.root_alias,
            "web_root": self.web.as_ref().map(|web| &web.directory),
        })
    }
}

/// A name and a text, folded below each other; a text with a word that is too long stays whole.
pub fn named(name: &str, text: &str) -> Vec<String> {
    let width = WIDTH.saturating_sub(name.chars().count().saturating_sub(9));
    let fits = text.split_whitespace().all(|word| word.chars().count() <= WIDTH - 3);
    let folded = if fits { fold_to(text, width) } else { vec![text.to_string()] };
    let lines = folded.into_iter().enumerate();
    let shown = |at| if at == 0 { format!("{name} ") } else { String::new() };
    lines.map(|(at, line)| format!("  {:<10}{line}", shown(at))).collect()
}
