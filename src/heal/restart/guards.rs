//! The guards of a unit: why it is left alone.

use super::unit::Unit;
use crate::heal::guard::{Guard, Refusal};
use crate::model::metric::Selector;

/// Units that the host cannot be reached or used without.
const PROTECTED: &[&str] = &[
    "ssh.service",
    "ssh@*.service",
    "sshd.service",
    "sshd@*.service",
    "dropbear.service",
    "dbus*.service",
    "systemd-*.service",
    "elogind.service",
    "polkit.service",
    "user@*.service",
    "user-runtime-dir@*.service",
    "network*.service",
    "NetworkManager*.service",
    "wpa_supplicant*.service",
    "dhcpcd*.service",
    "dhclient*.service",
    "connman.service",
    "iwd.service",
    "ifup@*.service",
    "wicked*.service",
    "netplan-*.service",
    "cron.service",
    "crond.service",
    "cronie.service",
    "*getty*.service",
    "display-manager.service",
    "gdm*.service",
    "sddm.service",
    "lightdm.service",
    "rescue.service",
    "emergency.service",
    "debug-shell.service",
];

/// Everything that decides about a restart of a unit.
pub struct Check<'a> {
    /// The unit, as it is now.
    pub unit: &'a Unit,
    /// The units that it requires.
    pub requirements: &'a [Unit],
    /// The incident is about the state of the unit itself: a restart is for one that does not run.
    pub is_about_state: bool,
    /// The entry names the unit in full.
    pub is_named: bool,
    /// osmon reset its start limit within the last hour.
    pub is_reset_lately: bool,
    /// `CLOCK_BOOTTIME`, in seconds.
    pub boottime_seconds: f64,
}

impl Check<'_> {
    /// The guards that refuse the restart; empty: it may be restarted.
    pub fn refusals(&self) -> Vec<Refusal> {
        let unit = self.unit;
        let mut found: Vec<Refusal> = self.loaded().into_iter().collect();
        if found.is_empty() {
            found.extend(self.state());
            found.extend(self.kind());
            if let Some(job) = unit.job() {
                found.push(Refusal::with(Guard::UnitHasJob, job));
            }
            let failed = self.requirements.iter().filter(|required| required.active() == "failed");
            found.extend(failed.map(|required| Refusal::with(Guard::UnitRequirement, required.id())));
            if self.is_reset_lately && unit.is_start_limited(self.boottime_seconds) {
                found.push(Refusal::new(Guard::StartLimit));
            }
        }
        found.extend(self.protected());
        found
    }

    fn loaded(&self) -> Option<Refusal> {
        let (load, file) = (self.unit.get("LoadState"), self.unit.get("UnitFileState"));
        match load {
            _ if load == "masked" || file.starts_with("masked") => Some(Refusal::new(Guard::UnitMasked)),
            "loaded" if file != "bad" => None,
            _ => Some(Refusal::with(Guard::UnitUnknown, if file == "bad" { file } else { load })),
        }
    }

    fn state(&self) -> Option<Refusal> {
        let unit = self.unit;
        match unit.active() {
            "failed" if unit.is_stopped() => Some(Refusal::with(Guard::UnitStopped, "stopped")),
            "failed" => None,
            _ if unit.is_restarting() => Some(Refusal::with(Guard::UnitBusy, unit.state())),
            "active" if self.is_about_state => Some(Refusal::new(Guard::UnitActive)),
            "active" => None,
            "inactive" => Some(Refusal::with(Guard::UnitStopped, unit.state())),
            // activating, deactivating, reloading, maintenance, and whatever a later systemd has.
            _ => Some(Refusal::with(Guard::UnitBusy, unit.state())),
        }
    }

    fn kind(&self) -> Vec<Refusal> {
        let unit = self.unit;
        let mut found = Vec::new();
        if unit.get("UnitFileState").starts_with("disabled") {
            found.push(Refusal::new(Guard::UnitDisabled));
        }
        let timer = unit.get("TriggeredBy").split(' ').find(|by| by.ends_with(".timer"));
        if unit.get("Type") == "oneshot" {
            found.push(Refusal::with(Guard::UnitOneShot, "Type=oneshot"));
        } else if let Some(timer) = timer {
            found.push(Refusal::with(Guard::UnitOneShot, format!("TriggeredBy={timer}")));
        }
        let stops = unit.is_active();
        let refuses = unit.get("RefuseManualStart") == "yes"
            || unit.get("CanStart") == "no"
            || (stops && unit.get("RefuseManualStop") == "yes");
        if refuses {
            found.push(Refusal::new(Guard::UnitRefusesStart));
        }
        found
    }

    fn protected(&self) -> Option<Refusal> {
        let mut names = self.unit.get("Names").split(' ').chain([self.unit.get("Id")]);
        let name = names.find(|name| PROTECTED.iter().any(|pattern| Selector::pattern_fits(pattern, name)))?;
        (!self.is_named).then(|| Refusal::with(Guard::UnitProtected, name))
    }
}
