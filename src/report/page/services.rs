//! The table of watched and failed services.

use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::locale::{Locale, key};
use crate::model::service as model;
use serde::Deserialize;
use serde_json::Value;

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Service {
    /// Name of the unit.
    pub name: String,
    /// `ok`, `warn` or `bad`.
    pub state: &'static str,
    /// It failed, rather than not run.
    pub is_failed: bool,
    /// The state in words.
    pub word: String,
    /// Number of restarts; empty: unknown.
    pub restarts: String,
}

/// Longest name, in characters, and largest number of services.
const NAME_MAX: usize = 60;
const MOST: usize = 60;

/// The services of the newest snapshot, worst first.
pub fn services(snapshot: &Value, locale: Locale) -> Vec<Service> {
    let list = snapshot["service"].as_array().into_iter().flatten();
    let mut services: Vec<Service> = list
        .map(|service| {
            let is = |key: &str| service[key].as_bool().unwrap_or(false);
            let recorded = model::Service::deserialize(service).unwrap_or_default();
            let (state, plain, word) = match () {
                () if recorded.title().is_some() => ("bad", "not running", key::STATE_NOT_RUNNING),
                () if is("failed") && recorded.is_job() => ("warn", "failed", key::STATE_FAILED),
                () if is("failed") => ("bad", "failed", key::STATE_FAILED),
                () if recorded.ending().is_some() => ("ok", "not running", key::STATE_NOT_RUNNING),
                () if is("active") => ("ok", "running", key::STATE_RUNNING),
                () => ("warn", "not running", key::STATE_NOT_RUNNING),
            };
            let more = ["state", "sub_state", "result"].iter().find_map(|key| service[*key].as_str());
            let more = more.filter(|more| *more != plain).map(|more| format!(" ({})", clean(more, 40)));
            Service {
                name: clean(service["service"].as_str().unwrap_or_default(), NAME_MAX),
                state,
                is_failed: word == key::STATE_FAILED,
                word: format!("{}{}", locale.text(word), more.filter(|_| state != "ok").unwrap_or_default()),
                restarts: service["restarts"].as_f64().map(|count| format!("{count}")).unwrap_or_default(),
            }
        })
        .collect();
    let rank = |state: &str| ["bad", "warn", "ok"].iter().position(|known| *known == state);
    services.arrange_by(|a, b| rank(a.state).cmp(&rank(b.state)).then_with(|| a.name.cmp(&b.name)));
    services.truncate(MOST);
    services
}
