//! What is left of a configuration of which a part is wrong.

use super::Problem;
use super::load::{Loaded, Request, default_data_dir, load, read_file};
use std::path::PathBuf;
use toml::Table;
use toml::de::DeTable;

/// Attempts to do without what is wrong: each one shows what was hidden behind the one before.
const ATTEMPTS: usize = 8;

/// The file without what is wrong in it: a rule or a route goes whole, of all else only the key. `None`: that cannot be
/// told apart, as when it is no TOML, or a variable of the environment is wrong.
pub fn load_despite(request: &Request, problems: &[Problem]) -> Option<Loaded> {
    let (_, text) = read_file(request).ok()??;
    let mut table: Table = toml::from_str(&text).ok()?;
    let mut paths: Vec<Vec<String>> = problems.iter().map(|problem| problem.path.clone()).collect();
    for _ in 0..ATTEMPTS {
        for path in &paths {
            remove(&mut table, path)?;
        }
        let instead = Some(toml::to_string(&table).ok()?);
        match load(&Request { instead, ..request.clone() }) {
            Ok(loaded) => return Some(loaded),
            Err(problems) => paths = problems.into_iter().map(|problem| problem.path).collect(),
        }
    }
    None
}

/// `None`: there is no such key.
fn remove(table: &mut Table, path: &[String]) -> Option<()> {
    let whole = match path.first().map(String::as_str) {
        Some("rule") => 2,
        Some("alert") if path.get(1).is_some_and(|key| key == "route") => 3,
        _ => path.len(),
    };
    let (last, above) = path.get(..whole.min(path.len()))?.split_last()?;
    let inner = above.iter().try_fold(table, |table, key| table.get_mut(key)?.as_table_mut())?;
    // Two keys of one rule may be wrong: it goes with the first.
    inner.remove(last).map(|_| ()).or_else(|| (whole < path.len()).then_some(()))
}

/// The data directory as far as it can be told from a configuration that is wrong elsewhere.
pub fn data_dir_despite(request: &Request) -> PathBuf {
    let variable =
        |name: &str| request.environment.iter().find(|(key, _)| key == name).map(|(_, value)| PathBuf::from(value));
    let from_file = || {
        let (_, text) = read_file(request).ok()??;
        let (table, _) = DeTable::parse_recoverable(&text);
        table.get_ref().get("data_dir")?.get_ref().as_str().map(PathBuf::from)
    };
    let chosen = request.data_dir.clone().or_else(|| variable("OSMON_DATA_DIR")).or_else(from_file);
    chosen.and_then(|path| std::path::absolute(path).ok()).unwrap_or_else(|| default_data_dir(request))
}
