//! Reads settings over the typed defaults.

use super::alert::Alert;
use super::heal::Heal;
use super::issue::ConfigIssue;
use super::read_watched;
use super::settings::{Config, Probe, Report, Store};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use toml::{Table, Value};

/// Minimum size in bytes: two days of a small host.
const LEAST_BYTES: u64 = 32 << 20;

/// Reads the sections that are not needed for a measurement. Programs that do not refer to one do not contain the code.
#[derive(Debug, Clone, Copy)]
pub struct SectionReader(pub(super) fn(&mut Table, &mut Config, &mut Vec<ConfigIssue>) -> Option<()>);

/// Converts settings to a configuration. `None` when a key or type is wrong, which `schema` then identifies.
pub fn read(
    mut given: Table,
    default_data_dir: PathBuf,
    others: Option<SectionReader>,
    issues: &mut Vec<ConfigIssue>,
) -> Option<Config> {
    let data_dir = match given.remove("data_dir") {
        None => default_data_dir,
        Some(Value::String(path)) if path.is_empty() => default_data_dir,
        Some(Value::String(path)) => PathBuf::from(path),
        Some(_) => return None,
    };
    if !data_dir.is_absolute() {
        issues.push(ConfigIssue::at(&["data_dir"], format!("{data_dir:?} must be an absolute path")));
    }
    let mut config = Config {
        data_dir,
        store: section::<Store>(&mut given, "store")?,
        probe: section::<Probe>(&mut given, "probe")?,
        report: Report::default(),
        alert: Alert::default(),
        rules: Vec::new(),
        heal: Heal::default(),
    };
    read_watched::read(&mut given, &mut config.probe, issues)?;
    if config.probe.top_processes > 1000 {
        issues.push(ConfigIssue::at(&["probe", "top_processes"], "must be at most 1000"));
    }
    for (key, size) in [("max_size", &config.store.max_size), ("min_free", &config.store.min_free)] {
        match Store::size(size) {
            Err(message) => issues.push(ConfigIssue::at(&["store", key], message)),
            Ok(1..LEAST_BYTES) if key == "max_size" => {
                issues.push(ConfigIssue::at(&["store", key], "must be at least 32 MiB"));
            }
            Ok(_) => {}
        }
    }
    if let Some(reader) = others {
        (reader.0)(&mut given, &mut config, issues)?;
    }
    given.is_empty().then_some(config)
}

/// Takes a section out of the settings. `None` when a key or type is wrong.
pub(super) fn section<T: Default + DeserializeOwned>(given: &mut Table, name: &str) -> Option<T> {
    given.remove(name).map_or_else(|| Some(T::default()), |section| section.try_into().ok())
}
