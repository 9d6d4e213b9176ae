//! One delivery: everything that waits, by every way, once. What is known afterwards is on disk before anything else
//! happens: what was on its way when a run ended goes out again as the same message.

use super::envelope::Envelope;
use super::ledger::{Batch, Ledger, Thread, target};
use super::message::{compose, log_lines, message_id, note};
use super::outbox::{Alert, Outbox};
use super::plan::{Field, Planned, recipients, settings};
use super::results::Told;
use super::template::Content;
use super::transport::{Mail, Parcel, send_all};
use crate::base::clock::stamp;
use crate::base::net::attempt::{Failure, Fate};
use crate::config::{self, Route, Way};
use crate::model::event::Event;
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// All of it ends within this time.
const LIMIT: Duration = Duration::from_secs(14);
/// With less time than this nothing new is begun.
const LEAST: Duration = Duration::from_secs(2);

/// What a delivery stands on.
pub struct Post<'a> {
    /// `[alert]`
    pub settings: &'a config::Alert,
    /// Host name.
    pub host: &'a str,
    /// Where the page is.
    pub report: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
    /// The configuration is the one that was meant. Else a way may be missing: what nobody seems to wait for is kept.
    pub is_whole: bool,
    /// Keeps what is remembered.
    pub save: &'a dyn Fn(&Ledger) -> Result<()>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// So many events were accepted by somebody, in so many messages.
    pub told: usize,
    /// By whom, in words.
    pub by: Vec<String>,
    /// Nobody accepted them yet, and why; in words, by way.
    pub failed: Vec<String>,
    /// So many events are concerned.
    pub failed_events: usize,
    /// Who could not be told of what, by target and name of the alert's file.
    pub unreached: BTreeSet<(String, String)>,
    /// So many events that could not be sent as meant were told by these ways instead.
    pub instead: (usize, BTreeSet<String>),
    /// Recipients who were refused while others were told.
    pub refused: Vec<String>,
    /// So many events still wait for somebody.
    pub waiting: usize,
    /// Somebody could not be told: he refused, or what waits for him was not accepted the last time.
    pub is_failing: bool,
    /// Given up in this run.
    pub dead: usize,
    /// What could not be kept or moved.
    pub complaints: Vec<String>,
}

impl Delivery {
    /// Counts what could not be sent: what is tried again, and what another way told instead.
    fn count_instead(&mut self, ledger: &Ledger) {
        let is_open = |(target, event): &&(String, String)| {
            ledger.result.get(event).is_none_or(|results| results.get(target).is_none())
        };
        let all: BTreeSet<&String> = self.unreached.iter().map(|(_, event)| event).collect();
        let open: BTreeSet<&String> = self.unreached.iter().filter(is_open).map(|(_, event)| event).collect();
        (self.failed_events, self.instead.0) = (open.len(), all.len() - open.len());
    }
}

impl Post<'_> {
    /// Sends what waits, and `unsaved` with it: events that found no room in the outbox. The lock of the outbox is held.
    pub fn deliver(&self, outbox: &Outbox, ledger: &mut Ledger, mut alerts: Vec<Alert>, unsaved: &[Event]) -> Delivery {
        let mut done = Delivery::default();
        let on_disk: BTreeSet<String> = alerts.iter().map(|alert| alert.name.clone()).collect();
        for event in unsaved {
            let name = super::outbox::name(event);
            if !on_disk.contains(&name) {
                alerts.push(Alert { name, event: event.clone(), note: super::outbox::Note::default() });
            }
        }
        let limits = (self.settings.per_hour, self.settings.per_day);
        let field = Field { routes: &self.settings.routes, alerts: &alerts, limits, now: self.now };
        let before = ledger.clone();
        let (mut tried, until) = (BTreeSet::new(), Instant::now() + LIMIT);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let plan = if left < LEAST { Vec::new() } else { field.plan(ledger, &tried) };
            if plan.is_empty() {
                break;
            }
            let limit = left.min(Duration::from_secs(self.settings.smtp.timeout_seconds));
            self.round(&field, ledger, &plan, limit, &mut done);
            tried.extend(plan.iter().map(|planned| planned.route));
        }
        done.count_instead(ledger);
        for held in field.held(ledger) {
            let since = &mut ledger.target.entry(held).or_default().held_since;
            if since.is_empty() {
                *since = stamp(self.now);
            }
        }
        self.close(&field, outbox, ledger, &on_disk, &mut done);
        if *ledger != before {
            done.complaints.extend((self.save)(ledger).err().map(|error| format!("{error:#}")));
        }
        done.complaints.dedup();
        done
    }

    /// Sends some messages at once and notes what came of each.
    fn round(&self, field: &Field<'_>, ledger: &mut Ledger, plan: &[Planned], limit: Duration, done: &mut Delivery) {
        let mut parcels = Vec::new();
        let mut batches = Vec::new();
        for planned in plan {
            let Some(route) = field.routes.get(planned.route) else { continue };
            let chosen: Vec<&Alert> = planned.alerts.iter().filter_map(|at| field.alerts.get(*at)).collect();
            let events: Vec<&Event> = chosen.iter().map(|alert| &alert.event).collect();
            let id = planned.again.clone().unwrap_or_else(|| message_id(&events, self.host));
            let batch = Batch {
                route: route.name.clone(),
                target: planned.to.iter().map(|to| target(&route.name, to)).collect(),
                event: chosen.iter().map(|alert| alert.name.clone()).collect(),
            };
            parcels.push(self.parcel(route, planned, &events, &id, ledger));
            ledger.begins(&format!("{} {id}", route.name), &batch);
            batches.push((route, id, batch, events, planned.again.is_some()));
        }
        // Where this cannot be kept people are told all the same; at worst twice.
        done.complaints.extend((self.save)(ledger).err().map(|error| format!("{error:#}")));
        let attempts = send_all(parcels, limit);
        for ((route, id, batch, events, is_again), attempt) in batches.into_iter().zip(attempts) {
            let is_unknown =
                |result: &Result<String, Failure>| matches!(result, Err(failure) if failure.fate == Fate::Unknown);
            // What may have arrived before is not known to be missing because it does not get through now.
            let is_open = |result: &Result<String, Failure>| {
                is_unknown(result) || matches!(result, Err(failure) if is_again && failure.fate != Fate::Recipient)
            };
            let answered = batch.target.iter().zip(&attempt.results).filter(|(_, result)| !is_open(result));
            ledger.ends(&format!("{} {id}", route.name), answered.map(|(target, _)| target));
            self.note(field, ledger, route, &batch, &attempt.results, done);
            if attempt.results.iter().any(|result| result.is_ok() || is_unknown(result)) {
                for event in &events {
                    let thread = Thread { id: id.clone(), time: stamp(self.now) };
                    ledger.thread.entry(thread_key(route, event)).or_insert(thread);
                }
            }
        }
        done.complaints.extend((self.save)(ledger).err().map(|error| format!("{error:#}")));
    }

    fn note(
        &self,
        field: &Field<'_>,
        ledger: &mut Ledger,
        route: &Route,
        batch: &Batch,
        results: &[Result<String, Failure>],
        done: &mut Delivery,
    ) {
        let settings = settings(route);
        let is_any = results.iter().any(Result::is_ok);
        for (target, result) in batch.target.iter().zip(results) {
            match result {
                Ok(by) => {
                    ledger.accepted(target, settings, &batch.event, by, self.now);
                    if !done.by.contains(by) {
                        done.by.push(by.clone());
                    }
                }
                // Others have it; he never will.
                Err(failure) if failure.fate == Fate::Recipient && is_any => {
                    let told = Told { accepted: false, by: failure.why.clone(), time: stamp(self.now) };
                    ledger.told(target, &batch.event, &told);
                    let known = ledger.target.entry(target.clone()).or_default();
                    (known.settings, known.error) = (settings, failure.why.clone());
                    let recipient = target.split_once(' ').map_or(target.as_str(), |(_, to)| to);
                    done.refused.push(format!("{recipient}: {}", failure.why));
                }
                Err(failure) => {
                    let wait = if failure.fate == Fate::Recipient { Fate::Settings } else { failure.fate };
                    ledger.failed(target, settings, &Failure { fate: wait, ..failure.clone() }, self.now);
                    if !done.failed.contains(&failure.why) {
                        done.failed.push(failure.why.clone());
                    }
                    done.unreached.extend(batch.event.iter().map(|event| (target.clone(), event.clone())));
                }
            }
        }
        if is_any {
            done.told = done.told.max(batch.event.len());
            if self.instead(field, ledger, route, &batch.event) {
                done.instead.1.insert(route.name.clone());
            }
        }
    }

    /// Who could not be told by the ways before this one has been told by this one. Gives whether there is one before it.
    fn instead(&self, field: &Field<'_>, ledger: &mut Ledger, route: &Route, events: &[String]) -> bool {
        let mut at = route;
        for _ in 0..field.routes.len() {
            let Some(first) = field.routes.iter().find(|other| other.name == at.fallback_for) else { break };
            for to in recipients(first) {
                let target = target(&first.name, &to);
                let missing = |event: &&String| ledger.result.get(*event).is_none_or(|all| all.get(&target).is_none());
                let rest: Vec<String> = events.iter().filter(missing).cloned().collect();
                let by = format!("told by {} instead", route.name);
                ledger.told(&target, &rest, &Told { accepted: true, by, time: stamp(self.now) });
            }
            at = first;
        }
        !route.fallback_for.is_empty()
    }

    fn parcel(&self, route: &Route, planned: &Planned, events: &[&Event], id: &str, ledger: &Ledger) -> Parcel {
        let content = Content {
            events,
            late: planned.late,
            host: self.host,
            report: self.report,
            language: &self.settings.language,
            now: self.now,
        };
        let mail = || -> Result<Mail> {
            let envelope = Envelope::new(&self.settings.from, &planned.to, self.host)?;
            let earlier: BTreeSet<&String> =
                events.iter().filter_map(|event| Some(&ledger.thread.get(&thread_key(route, event))?.id)).collect();
            let earlier: Vec<String> = earlier.into_iter().cloned().collect();
            let content = compose(&content, &envelope, id, &earlier)?.formatted();
            Ok(Mail { envelope, content, host: self.host.to_string() })
        };
        let broken =
            |error: anyhow::Error| Parcel::Broken(planned.to.len(), Failure::new(Fate::Settings, format!("{error:#}")));
        match &route.way {
            Way::Smtp(settings) => mail().map_or_else(broken, |mail| Parcel::Smtp(mail, settings.clone())),
            Way::Sendmail(settings) => mail().map_or_else(broken, |mail| Parcel::Sendmail(mail, settings.clone())),
            Way::Webhook(hook) => Parcel::Webhook(note(&content, id), hook.clone()),
            Way::Syslog(socket) => Parcel::log(log_lines(&content), socket, self.now),
        }
    }
}

fn thread_key(route: &Route, event: &Event) -> String {
    format!("{} {}", route.name, event.incident)
}
