//! After a delivery: what everybody has moves on, what is too old is given up, and what is over is forgotten.

use super::deliver::{Delivery, Post};
use super::ledger::Ledger;
use super::outbox::{Alert, Outbox, Stage};
use super::plan::{Field, recipients};
use super::results::Results;
use crate::base::clock::{parse, stamp};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// Of so many at once it is written down who has each; of more the digest says enough.
const NOTED_MAX: usize = 200;
/// How often old files are looked for, in minutes.
const TIDY_MINUTES: i64 = 60;

impl Post<'_> {
    /// Moves on what everybody has, gives up what is too old, and forgets what is over.
    pub(super) fn close(
        &self,
        field: &Field<'_>,
        outbox: &Outbox,
        ledger: &mut Ledger,
        on_disk: &BTreeSet<String>,
        done: &mut Delivery,
    ) {
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for route in field.routes.iter().filter(|route| route.fallback_for.is_empty()) {
            for to in recipients(route) {
                open.extend(field.pending(route, &to, ledger));
            }
        }
        let targets = field.targets();
        // Where a way is missing from half a configuration, those it led to wait until it is whole.
        let missing: Vec<&String> =
            ledger.target.keys().filter(|target| !self.is_whole && !targets.contains(*target)).collect();
        let is_missed = |name: &str| {
            let told = ledger.result.get(name);
            missing.iter().any(|target| told.is_none_or(|told| told.get(target).is_none()))
        };
        let (mut sent, mut dead, mut nobodys) = (Vec::new(), Vec::new(), Vec::new());
        let from_memory = field.alerts.iter().enumerate().filter(|(_, alert)| !on_disk.contains(&alert.name));
        let mut waiting: BTreeSet<&str> =
            from_memory.filter(|(at, _)| open.contains(at)).map(|(_, alert)| alert.name.as_str()).collect();
        for (at, alert) in field.alerts.iter().enumerate().filter(|(_, alert)| on_disk.contains(&alert.name)) {
            let has_somebody = ledger.has_somebody(&alert.name);
            if !open.contains(&at) && has_somebody && !is_missed(&alert.name) {
                sent.push(alert.name.as_str());
            } else if self.is_expired(alert) {
                if has_somebody { sent.push(alert.name.as_str()) } else { dead.push(alert.name.as_str()) }
            } else if self.is_whole && !field.is_for_anybody(&alert.event) && !field.routes.is_empty() {
                nobodys.push(alert.name.as_str());
            } else {
                waiting.insert(alert.name.as_str());
            }
        }
        let refused = sent.iter().filter(|name| has_refusals(ledger, name)).map(|name| (name, refusals(ledger, name)));
        for (name, why) in dead.iter().map(|name| (name, self.why(field, ledger))).chain(refused) {
            let noted = outbox.note(Stage::Waiting, name, "time", &why, self.now);
            done.complaints.extend(noted.err().map(|error| format!("{error:#}")));
        }
        for (name, told) in sent.iter().take(NOTED_MAX).filter_map(|name| Some((name, ledger.result.get(*name)?))) {
            // Of what was accepted it is for those who ask: where it finds no room nobody has to know.
            let _ = outbox.note_told(name, told);
        }
        let moved = outbox.advance(sent.iter().copied(), Stage::Waiting, Stage::Sent);
        done.complaints.extend(moved.err().map(|error| format!("{error:#}")));
        done.dead = dead.len();
        let moved = outbox.advance(dead.iter().copied(), Stage::Waiting, Stage::Dead);
        done.complaints.extend(moved.err().map(|error| format!("{error:#}")));
        for name in nobodys {
            // Recorded, and by the configuration nobody's business.
            done.complaints.extend(outbox.remove(Stage::Waiting, name).err().map(|error| format!("{error:#}")));
        }
        done.waiting = waiting.len();
        let first = field.routes.iter().filter(|route| route.fallback_for.is_empty());
        done.is_failing = !done.refused.is_empty() || first.into_iter().any(|route| field.is_failing(route, ledger));
        let is_waiting =
            |name: &str| (on_disk.contains(name) || waiting.contains(name)).then(|| waiting.contains(name));
        ledger.prune(is_waiting, |target| !self.is_whole || targets.contains(target), self.now);
        if parse(&ledger.tidied).is_none_or(|last| (self.now - last).abs() > TimeDelta::minutes(TIDY_MINUTES)) {
            outbox.tidy(self.now);
            ledger.tidied = stamp(self.now);
        }
    }

    fn is_expired(&self, alert: &Alert) -> bool {
        let begin = parse(&alert.note.again).or_else(|| parse(&alert.event.time)).unwrap_or(self.now);
        (self.now - begin).num_seconds() > self.settings.expire_seconds()
    }

    /// Why nobody was told, of all ways together.
    fn why(&self, field: &Field<'_>, ledger: &Ledger) -> String {
        let errors = ledger.target.values().map(|target| target.error.as_str()).filter(|error| !error.is_empty());
        let errors: Vec<&str> = errors.collect();
        match (field.routes.is_empty(), errors.is_empty()) {
            (true, _) => "nobody was to be told".to_string(),
            (false, true) => "nobody accepted it".to_string(),
            (false, false) => errors.join("; "),
        }
    }
}

fn has_refusals(ledger: &Ledger, name: &str) -> bool {
    ledger.result.get(name).is_some_and(|told| told.iter().any(|(_, told)| !told.accepted))
}

/// Who has an event and who refused it.
fn refusals(ledger: &Ledger, name: &str) -> String {
    let told = ledger.result.get(name).into_iter().flat_map(Results::iter);
    told.map(|(target, told)| format!("{target}: {}", told.by)).collect::<Vec<_>>().join("; ")
}
