//! The catalogue of metrics, generated from `data/metrics.toml` by `build/metrics.rs`.

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricInfo {
    /// Path of its number in a record.
    pub name: &'static str,
    /// Unit of the number.
    pub unit: &'static str,
    /// Key of the label that identifies the measured thing; empty for metrics of the host.
    pub label: &'static str,
    /// Description of the metric.
    pub help: &'static str,
    /// The file or program it is read from.
    pub source: &'static str,
}

/// A resource of the host: a row of the last 90 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceRow {
    /// Name of the row, in English.
    pub title: &'static str,
    /// Prefixes of its metrics.
    pub metrics: &'static [&'static str],
}

/// A kind of things that can fail by themselves: its elements are rows of the table of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// Section of the snapshot.
    pub section: &'static str,
    /// Title of its table, in English.
    pub group: &'static str,
    /// What its elements are, in English.
    pub title: &'static str,
    /// Member that holds the state in words; empty: none.
    pub state: &'static str,
    /// Metrics that show a problem when they are not 0.
    pub warn: &'static [&'static str],
    /// Metrics that are shown, with a name in English; empty: the value alone.
    pub values: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/metrics.rs"));

/// The key of the label that identifies the elements of a section of the snapshot.
pub fn label_of(section: &str) -> Option<&'static str> {
    let is_of_section = |name: &str| name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
    METRICS.iter().find(|metric| is_of_section(metric.name)).map(|metric| metric.label)
}

/// The names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|metric| metric.name)
}

/// Finds a metric by name.
pub fn find(name: &str) -> Option<&'static MetricInfo> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// Returns whether a metric is supplied by another program.
pub fn is_custom(name: &str) -> bool {
    CUSTOM_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The resource of a metric; `None` for metrics of the host as a whole.
pub fn resource(metric: &str) -> Option<&'static ResourceRow> {
    let is_of = |resource: &&ResourceRow| resource.metrics.iter().any(|prefix| metric.starts_with(prefix));
    RESOURCES.iter().find(is_of)
}

/// The catalogue as Markdown: `docs/metrics.md`.
pub fn to_markdown() -> String {
    let mut page = "# Metrics\n\nGenerated from `data/metrics.toml`. A metric's name is the path of its number in a record; in braces is the label that says\nwhose number it is. Rates are averages since the previous snapshot. Metrics of\n`unit` and `unexplained`, and those of `process` with a label, are in the stream `processes`; all others are in\n`snapshots`, which is what `osmon probe --json` prints.\n".to_string();
    let mut section = "";
    for metric in METRICS {
        let first = metric.name.split('.').next().unwrap_or_default();
        if first != section {
            page.push_str(&format!("\n## {first}\n\n| metric | unit | meaning | source |\n|---|---|---|---|\n"));
            section = first;
        }
        let label = if metric.label.is_empty() { String::new() } else { format!("{{{}}}", metric.label) };
        let source = metric.source.replace('<', "&lt;");
        page.push_str(&format!("| `{}{label}` | {} | {} | {source} |\n", metric.name, metric.unit, metric.help));
    }
    page
}
