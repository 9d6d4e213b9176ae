//! Acknowledgements and silences in force for open incidents.

use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::model::locale::{Key, key};
use crate::model::suppression::Suppressions;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// How an open incident is kept from alerting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionKind {
    /// Acknowledged by a user: no reminders.
    Acknowledged,
    /// A silence matches it: no alerts.
    Silenced,
}

impl SuppressionKind {
    /// The word written on terminals and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
        }
    }

    /// The key of its localised text.
    pub fn key(self) -> Key {
        match self {
            Self::Acknowledged => key::STATE_ACKNOWLEDGED,
            Self::Silenced => key::STATE_SILENCED,
        }
    }
}

/// The acknowledgement or silence of an open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppressed {
    /// Which of the two.
    pub kind: SuppressionKind,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Author.
    pub by: String,
    /// The reason given.
    pub because: String,
}

impl Suppressed {
    /// Acknowledgements and silences of open incidents, by incident id. An acknowledgement ends when the incident gets
    /// worse.
    pub fn by_incident(state: &State, suppressions: &Suppressions, now: DateTime<Utc>) -> BTreeMap<String, Self> {
        let suppressed = |alert: &Alert| {
            let id = alert.incident_id();
            let (kind, until, by, because) =
                match suppressions.ack_of(|known| alert.is_known_as(known), alert.escalated.map(|at| at.wall), now) {
                    Some(ack) => (SuppressionKind::Acknowledged, ack.until, &ack.by, &ack.because),
                    None => {
                        let silence = suppressions.silence(&alert.rule, &alert.metric, now)?;
                        (SuppressionKind::Silenced, silence.until, &silence.by, &silence.because)
                    }
                };
            Some((id, Self { kind, until, by: by.clone(), because: because.clone() }))
        };
        state.alerts.values().filter(|alert| alert.is_open()).filter_map(suppressed).collect()
    }
}
