//! Consumers of the host over a range.

use crate::base::text::clean;
use crate::model::consumers::{Consumers, ranked};
use crate::model::evidence::Resource;
use crate::model::locale::{Locale, key};

/// Maximum length of a name, in characters.
const NAME_MAX: usize = 60;
/// Least CPU usage for which the top process of a minute is named, in percent of one core.
const NAMED_PERCENT: f64 = 1.0;
/// Number of rows shown for a range.
const SHOWN_MAX: usize = 10;

/// Consumers of the host over a range.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// Id of the range.
    pub range: &'static str,
    /// CPU, memory and disk transfer by consumer.
    pub consumers: Consumers,
    /// The process with the most CPU time of each minute; only of the last hour.
    pub tops: Vec<Top>,
}

/// The process that used the most CPU between two samples.
#[derive(Debug, Clone)]
pub struct Top {
    /// Time of the later sample, Unix seconds.
    pub seconds: i64,
    /// Name of the process.
    pub name: String,
    /// Its CPU usage in percent of one core.
    pub percent: f64,
}

impl Top {
    /// Of a record with rates; `None` when no process used as much as [`NAMED_PERCENT`].
    pub fn of(record: &Consumers) -> Option<Self> {
        let (program, usage) =
            record.programs.iter().max_by(|(_, a), (_, b)| a.cpu_seconds.total_cmp(&b.cpu_seconds))?;
        let percent = record.cpu_percent(usage).filter(|percent| *percent >= NAMED_PERCENT)?;
        Some(Self { seconds: record.first?.timestamp(), name: clean(&program.name, NAME_MAX), percent })
    }

    /// As the page says it: `Top process: java, 30.2 % of a core`.
    pub fn text(&self, locale: Locale) -> String {
        locale.fill(key::PAGE_TOP_PROCESS, &[("name", &self.name), ("percent", &locale.short(self.percent))])
    }
}

/// A consumer as the page shows it.
pub struct Row {
    /// Name of the process.
    pub name: String,
    /// The unit it belongs to.
    pub unit: String,
    /// Owner.
    pub user: String,
    /// CPU time.
    pub cpu: String,
    /// Peak memory.
    pub memory: String,
    /// Bytes read and written.
    pub io: String,
    /// Share of the highest CPU time, from 0 to 100.
    pub share: u32,
}

/// Rows by CPU time, then by memory, descending.
pub fn rows(consumers: &Consumers, locale: Locale) -> Vec<Row> {
    let programs = ranked(&consumers.programs, Resource::Cpu);
    let most = programs.first().map_or(0.0, |(_, usage)| usage.cpu_seconds);
    let shown = programs.into_iter().take(SHOWN_MAX).map(|(program, usage)| Row {
        name: clean(&program.name, NAME_MAX),
        unit: clean(&program.unit, NAME_MAX),
        user: clean(&program.user, NAME_MAX),
        cpu: seconds(usage.cpu_seconds, locale),
        memory: locale.bytes(usage.memory_bytes),
        io: if usage.io_bytes > 0.0 { locale.bytes(usage.io_bytes) } else { "–".to_string() },
        share: if most > 0.0 { (usage.cpu_seconds / most * 100.0).round() as u32 } else { 0 },
    });
    shown.collect()
}

fn seconds(seconds: f64, locale: Locale) -> String {
    match seconds {
        0.0 => "–".to_string(),
        ..60.0 => format!("{}{}s", locale.short(seconds), locale.space()),
        _ => locale.duration(seconds),
    }
}
