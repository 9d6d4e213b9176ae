//! Targets that were given up, and how they are released.

use super::{Run, audit, newest, situation};
use crate::base::clock::stamp;
use crate::context::Context;
use crate::heal::situation::Situation;
use crate::heal::target_state::TargetState;
use crate::model::action::{Action, Mode, Outcome, Phase, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use anyhow::Result;

impl Run<'_> {
    /// Notes which targets are healthy; a healthy day releases those that were given up.
    pub(super) fn note_health(&mut self) -> Result<()> {
        let open: Vec<(String, String)> = self
            .crisis
            .alerts
            .values()
            .filter(|alert| alert.is_open() || alert.since.is_some())
            .map(|alert| (alert.rule.clone(), alert.metric.clone()))
            .collect();
        let is_open =
            |target: &TargetState| open.iter().any(|(rule, metric)| *rule == target.rule && *metric == target.metric);
        let now = self.context.now;
        let mut released = Vec::new();
        for target in &mut self.state.targets {
            let is_open = is_open(target);
            if target.note_health(is_open, &now) {
                released.push(released_record(self.context, target, Message::new(key::HEAL_RELEASED_HEALTHY)));
                target.release(&now);
            }
        }
        if !released.is_empty() {
            audit::end(self.context, &self.state, &released)?;
            self.records.extend(released);
        }
        Ok(())
    }

    /// The situation at this moment.
    pub(super) fn situation(&self) -> Situation {
        situation::gather(self.context, &self.state, &self.crisis, newest(self.context).as_deref())
    }
}

/// The record that a target was released.
pub(super) fn released_record(context: &Context, target: &TargetState, why: Message) -> Action {
    let (now, kind) = (context.now.wall, target.kind);
    let checksum = crc32fast::hash(format!("{} {}", kind.word(), target.target).as_bytes());
    Action {
        id: format!("{}-{checksum:08x}-{}", target.entry, now.timestamp()),
        phase: Phase::Released,
        entry: target.entry.clone(),
        kind,
        mode: Mode::Enforce,
        target: Target { name: target.target.clone(), ..Target::default() },
        incident: String::new(),
        rule: target.rule.clone(),
        metric: target.metric.clone(),
        value: 0.0,
        limit: 0.0,
        since: stamp(now),
        attempt: target.attempts,
        left: [0, 0],
        version: env!("CARGO_PKG_VERSION").to_string(),
        configuration: context.configuration_checksum(),
        outcome: Some(Outcome::new(Status::Done, why)),
    }
}
