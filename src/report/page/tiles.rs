//! The tiles: the six key figures with usual values and forecasts.

use crate::base::text::clean;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::report::chart::spark;
use crate::report::page::data::PageData;
use crate::report::page::services::Service;
use serde_json::Value;

/// A tile.
pub struct Tile {
    /// Label.
    pub label: String,
    /// Value without unit.
    pub value: String,
    /// Unit; may be empty.
    pub unit: String,
    /// Text below the value.
    pub note: String,
    /// The note reports something unusual.
    pub is_unusual: bool,
    /// `ok`, `warn`, `bad`, or `plain` for unknown.
    pub state: &'static str,
    /// SVG path of the sparkline; empty: none.
    pub spark: String,
}

/// Longest name in a label, in characters.
const NAME_MAX: usize = 40;
/// A disk expected to be full within this time, in seconds, is reported.
const SOON: f64 = 30.0 * 86_400.0;

impl Tile {
    /// The state as a word, for readers who do not see colours.
    pub fn word(&self, locale: Locale) -> String {
        let word = match self.state {
            "ok" => key::STATE_HEALTHY,
            "warn" => key::STATE_WARNING,
            "bad" => key::STATE_CRITICAL,
            _ => return String::new(),
        };
        locale.text(word).to_string()
    }
}

struct Maker<'a> {
    input: &'a PageData,
    snapshot: &'a Value,
}

/// The tiles of the newest snapshot.
pub fn tiles(input: &PageData, snapshot: &Value, services: &[Service]) -> Vec<Tile> {
    let maker = Maker { input, snapshot };
    let parts = [maker.cpu(), maker.memory(), maker.disk(), maker.load(), maker.pressure(), maker.last(services)];
    parts.into_iter().flatten().collect()
}

impl Maker<'_> {
    fn number(&self, path: &str) -> Option<f64> {
        self.snapshot.pointer(path).and_then(Value::as_f64)
    }

    /// A tile without a note. `prefixes` select the metrics whose incidents set its state; `metric` is name and label of the
    /// sparkline.
    fn tile(&self, label: &str, value: String, unit: &str, prefixes: &[&str], metric: (&str, &str)) -> Tile {
        let end = self.input.now.timestamp() as f64;
        Tile {
            label: self.input.options.locale.label(label).to_string(),
            value,
            unit: unit.to_string(),
            note: String::new(),
            is_unusual: false,
            state: state(self.input, prefixes),
            spark: spark::path(self.input.hour.one(metric.0, metric.1), end),
        }
    }

    /// Adds the usual values as note if they are known, else the other note.
    fn noted(&self, tile: Tile, metric: &str, value: Option<f64>, unit: &str, otherwise: String) -> Tile {
        let Some((low, high)) = self.input.outlook.usual.get(metric).copied() else {
            return Tile { note: otherwise, ..tile };
        };
        let locale = self.input.options.locale;
        let margin = ((high - low) * 0.5).max(high.abs() * 0.1);
        let range = format!("{}–{}{unit}", locale.short(low), locale.short(high));
        let is_unusual = value.is_some_and(|value| value > high + margin) && tile.state != "ok";
        Tile { note: locale.with(key::TILE_USUAL, &range), is_unusual, ..tile }
    }

    fn cpu(&self) -> Option<Tile> {
        let locale = self.input.options.locale;
        let busy = self.number("/cpu/busy_percent");
        let value = busy.map_or_else(|| "–".to_string(), |value| locale.short(value));
        let tile = self.tile("CPU", value, "%", &["cpu."], ("cpu.busy_percent", ""));
        let wait = locale.with(key::TILE_IO_WAIT, &locale.short(self.number("/cpu/iowait_percent").unwrap_or(0.0)));
        let tile = self.noted(tile, "cpu.busy_percent", busy, " %", wait);
        Some(Tile { ..tile })
    }

    fn memory(&self) -> Option<Tile> {
        let total = self.number("/memory/total_bytes")?;
        let used = self.number("/memory/used_bytes").unwrap_or_default();
        let locale = self.input.options.locale;
        let percent = self.number("/memory/used_percent").map_or_else(|| "–".to_string(), |value| locale.short(value));
        let tile = self.tile("Memory", percent, "%", &["memory.", "swap."], ("memory.used_percent", ""));
        let note = locale.fill(key::TILE_USED_OF, &[("used", &locale.bytes(used)), ("total", &locale.bytes(total))]);
        Some(Tile { note, ..tile })
    }

    /// The disk that will be full first, else the fullest.
    fn disk(&self) -> Option<Tile> {
        let (input, locale) = (self.input, self.input.options.locale);
        let now = input.now.timestamp() as f64;
        let disks = self.snapshot["disk"].as_array().into_iter().flatten();
        let full = |disk: &Value| {
            let at = input.outlook.full.get(disk["mount"].as_str().unwrap_or_default());
            at.map(|at| at - now).filter(|left| *left > 0.0 && *left < SOON)
        };
        let rank = |disk: &Value| {
            let used = disk["used_percent"].as_f64().unwrap_or_default();
            // A disk that will be full within a week counts as nearly full.
            full(disk).filter(|left| *left < 7.0 * 86_400.0).map_or(used, |_| used.max(90.0))
        };
        let disk = disks
            .filter(|disk| disk["used_percent"].is_number())
            .max_by(|a, b| rank(a).total_cmp(&rank(b)).then_with(|| (a["mount"] == "/").cmp(&(b["mount"] == "/"))))?;
        let mount = disk["mount"].as_str().unwrap_or_default();
        let value = locale.short(disk["used_percent"].as_f64().unwrap_or_default());
        let tile = self.tile("", value, "%", &["disk."], ("disk.used_percent", mount));
        let label = locale.with(key::TILE_DISK, &clean(mount, NAME_MAX));
        let free = locale.with(key::TILE_FREE, &locale.bytes(disk["available_bytes"].as_f64().unwrap_or_default()));
        let left = full(disk);
        let note = left.map_or(free, |left| locale.with(key::TILE_FULL_IN, &locale.duration(left)));
        let is_unusual = left.is_some_and(|left| left < 7.0 * 86_400.0);
        Some(Tile { label, note, is_unusual, ..tile })
    }

    fn load(&self) -> Option<Tile> {
        let locale = self.input.options.locale;
        let load = self.number("/load/one_per_core");
        let value = load.map_or_else(|| "–".to_string(), |value| locale.short(value));
        let tile = self.tile("Load per core", value, "", &["load."], ("load.one_per_core", ""));
        let all = locale.with(
            key::TILE_IN_ALL,
            &self.number("/load/one").map_or_else(|| "–".to_string(), |value| locale.short(value)),
        );
        Some(Tile { ..self.noted(tile, "load.one_per_core", load, "", all) })
    }

    fn pressure(&self) -> Option<Tile> {
        let locale = self.input.options.locale;
        let stalls = [
            ("CPU pressure", "/pressure/cpu/some_avg60_percent", "pressure.cpu.some_avg60_percent"),
            ("Memory pressure", "/pressure/memory/some_avg60_percent", "pressure.memory.some_avg60_percent"),
            ("I/O pressure", "/pressure/io/some_avg60_percent", "pressure.io.some_avg60_percent"),
        ];
        let known = stalls.iter().filter_map(|(name, path, metric)| Some((self.number(path)?, *name, *metric)));
        let (value, name, metric) = known.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let tile = self.tile(name, locale.short(value), "%", &["pressure."], (metric, ""));
        let note = locale.text(key::TILE_STALLED).to_string();
        Some(Tile { ..self.noted(tile, metric, Some(value), " %", note) })
    }

    /// Services if there are any, else processes.
    fn last(&self, services: &[Service]) -> Option<Tile> {
        let locale = self.input.options.locale;
        if let Some(all) = self.number("/systemd/services") {
            let failed = self.number("/systemd/failed").unwrap_or(0.0);
            let value = format!("{}", (all - failed).max(0.0));
            let unit = format!("/ {all}");
            let tile = self.tile("Services", value, &unit, &["service.", "systemd."], ("systemd.failed", ""));
            let worst = services.iter().find(|service| service.state != "ok");
            let note = match worst {
                Some(service) => format!("{} {}", service.name, service.word),
                None if failed > 0.0 => locale.with(key::TILE_FAILED, &format!("{failed}")),
                None => locale.text(key::TILE_ALL_RUNNING).to_string(),
            };
            let state = if failed > 0.0 && tile.state == "ok" { "warn" } else { tile.state };
            return Some(Tile { note, state, is_unusual: worst.is_some() || failed > 0.0, ..tile });
        }
        let total = self.number("/process/total")?;
        let tile = self.tile("Processes", format!("{total}"), "", &["process."], ("process.total", ""));
        let running = locale.count(key::COUNT_RUNNING, self.number("/process/running").unwrap_or(0.0) as usize);
        let zombies = locale.count(key::COUNT_ZOMBIES, self.number("/process/zombies").unwrap_or(0.0) as usize);
        Some(Tile { note: format!("{running}, {zombies}"), ..tile })
    }
}

/// The state set by the open incidents of some metrics.
fn state(input: &PageData, metrics: &[&str]) -> &'static str {
    let open =
        input.health.open.iter().filter(|incident| metrics.iter().any(|prefix| incident.metric.starts_with(prefix)));
    match open.map(|incident| incident.severity).max() {
        None => "ok",
        Some(Severity::Warning) => "warn",
        Some(Severity::Critical) => "bad",
    }
}
