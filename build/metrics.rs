//! `data/metrics.toml` as static tables: `metrics.rs` for `model/catalogue.rs`, `charts.rs` for `report/chart/chart_catalog.rs`.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const SOURCE: &str = "data/metrics.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    custom_prefixes: Vec<String>,
    chart: Vec<Chart>,
    resource: Vec<Resource>,
    #[serde(default)]
    component: Vec<Component>,
    metric: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chart {
    title: String,
    unit: String,
    #[serde(default)]
    heading: String,
    #[serde(default)]
    least: f64,
    #[serde(default)]
    stack: bool,
    #[serde(default)]
    detail: bool,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Always(String, String),
    Rare(String, String, f64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    title: String,
    metrics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    section: String,
    group: String,
    title: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    warn: Vec<String>,
    #[serde(default)]
    values: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    unit: String,
    #[serde(default)]
    label: String,
    help: String,
    source: String,
}

/// Writes both tables into the directory for generated code. Fails if the file is not valid or a chart names a metric that
/// it does not list. Returns the titles, headings and names of lines, for translation.
pub fn generate() -> Result<BTreeSet<String>, String> {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed=build/metrics.rs");
    let text = fs::read_to_string(SOURCE).map_err(|error| format!("{SOURCE}: {error}"))?;
    let catalogue: Catalogue = toml::from_str(&text).map_err(|error| format!("{SOURCE}: {error}"))?;
    let unknown = catalogue.chart.iter().flat_map(|chart| &chart.lines).map(Line::metric);
    let is_listed = |name: &str| catalogue.metric.iter().any(|metric| metric.name == name);
    if let Some(name) = unknown.into_iter().find(|name| !is_listed(name)) {
        return Err(format!("{SOURCE}: a chart shows {name:?}, which is not listed as a metric"));
    }
    let of_components = catalogue.component.iter().flat_map(Component::metrics);
    if let Some(name) = of_components.into_iter().find(|name| !is_listed(name)) {
        return Err(format!("{SOURCE}: a component shows {name:?}, which is not listed as a metric"));
    }
    let directory = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    for (name, content) in [("metrics.rs", metrics(&catalogue)), ("charts.rs", charts(&catalogue))] {
        let path = Path::new(&directory).join(name);
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let of_charts = catalogue
        .chart
        .iter()
        .flat_map(|chart| [&chart.title, &chart.heading].into_iter().chain(chart.lines.iter().map(Line::name)));
    let of_components = catalogue.component.iter().flat_map(|component| {
        [&component.group, &component.title].into_iter().chain(component.values.iter().map(|(_, name)| name))
    });
    let labels = of_charts.chain(catalogue.resource.iter().map(|resource| &resource.title)).chain(of_components);
    Ok(labels.filter(|label| !label.is_empty()).cloned().collect())
}

fn metrics(catalogue: &Catalogue) -> String {
    let rows = catalogue.metric.iter().map(|Metric { name, unit, label, help, source }| {
        format!("MetricInfo {{ name: {name:?}, unit: {unit:?}, label: {label:?}, help: {help:?}, source: {source:?} }}")
    });
    let resources = catalogue
        .resource
        .iter()
        .map(|Resource { title, metrics }| format!("ResourceRow {{ title: {title:?}, metrics: &{metrics:?} }}"));
    let mut out = table("Every metric, in the order of `data/metrics.toml`.", "METRICS", "MetricInfo", rows);
    out += &table("The rows of the last 90 days.", "RESOURCES", "ResourceRow", resources);
    let components = catalogue.component.iter().map(|Component { section, group, title, state, warn, values }| {
        format!(
            "Component {{ section: {section:?}, group: {group:?}, title: {title:?}, state: {state:?}, warn: &{warn:?}, values: &{values:?} }}"
        )
    });
    out += &table("The kinds of components.", "COMPONENTS", "Component", components);
    let prefixes = &catalogue.custom_prefixes;
    let _ = write!(
        out,
        "/// Prefixes of metrics that other programs supply.\npub static CUSTOM_PREFIXES: &[&str] = &{prefixes:?};\n"
    );
    out
}

fn charts(catalogue: &Catalogue) -> String {
    let rows = catalogue.chart.iter().map(|Chart { title, unit, heading, least, stack, detail, lines }| {
        let unit = variant(unit);
        let lines: Vec<String> = lines.iter().map(Line::to_rust).collect();
        format!(
            "Chart {{ title: {title:?}, unit: AxisUnit::{unit}, heading: {heading:?}, least: {least:?}, is_stacked: {stack}, is_detail: {detail}, lines: &[{}] }}",
            lines.join(", ")
        )
    });
    table("Every chart, in the order of `data/metrics.toml`.", "CHARTS", "Chart", rows)
}

impl Component {
    fn metrics(&self) -> impl Iterator<Item = &String> {
        self.warn.iter().chain(self.values.iter().map(|(metric, _)| metric))
    }
}

impl Line {
    fn metric(&self) -> &str {
        match self {
            Self::Always(metric, _) | Self::Rare(metric, _, _) => metric,
        }
    }

    fn name(&self) -> &String {
        match self {
            Self::Always(_, name) | Self::Rare(_, name, _) => name,
        }
    }

    fn to_rust(&self) -> String {
        let (metric, name, least) = match self {
            Self::Always(metric, name) => (metric, name, 0.0),
            Self::Rare(metric, name, least) => (metric, name, *least),
        };
        format!("ChartLine {{ metric: {metric:?}, name: {name:?}, least: {least:?} }}")
    }
}

/// `small_percent` as `SmallPercent`.
fn variant(unit: &str) -> String {
    let capital = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    unit.split('_').map(capital).collect()
}

fn table(doc: &str, name: &str, of: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: String = rows.map(|row| format!("    {row},\n")).collect();
    format!("/// {doc}\npub static {name}: &[{of}] = &[\n{rows}];\n")
}
