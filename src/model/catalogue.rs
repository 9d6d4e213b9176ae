//! Every metric there is: `data/metrics.toml`, compiled in.

use serde::Deserialize;

const TEXT: &str = include_str!("../../data/metrics.toml");

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Path of the number in a record.
    pub name: String,
    /// What it counts.
    pub unit: String,
    /// Key of the label that says whose number it is; empty: the host's.
    #[serde(default)]
    pub label: String,
    /// What it means.
    pub help: String,
    /// Where it comes from.
    pub source: String,
}

#[derive(Deserialize)]
struct File {
    metric: Vec<Entry>,
}

/// All of them, in the order of the file.
pub fn all() -> Vec<Entry> {
    toml::from_str::<File>(TEXT).map(|file| file.metric).unwrap_or_default()
}

/// The same as a page for people: `docs/metrics.md`.
pub fn to_markdown() -> String {
    let mut page = "# Metrics\n\nMade from `data/metrics.toml`. A number's path in a record is its name; in braces is the label that says whose\nnumber it is. Rates are averages since the snapshot before. Those of\n`unit` and `unexplained`, and those of `process` with a label, are in the stream `processes`; all others are in\n`snapshots`, which is what `osmon probe --json` prints.\n".to_string();
    let mut section = String::new();
    for entry in all() {
        let first = entry.name.split('.').next().unwrap_or_default().to_string();
        if first != section {
            page.push_str(&format!("\n## {first}\n\n| metric | unit | meaning | source |\n|---|---|---|---|\n"));
            section = first;
        }
        let label = if entry.label.is_empty() { String::new() } else { format!("{{{}}}", entry.label) };
        let source = entry.source.replace('<', "&lt;");
        page.push_str(&format!("| `{}{label}` | {} | {} | {source} |\n", entry.name, entry.unit, entry.help));
    }
    page
}
