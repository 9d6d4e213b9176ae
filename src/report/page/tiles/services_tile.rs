//! The tile of services: how many run, and the names of those that do not.

use super::maker::{Maker, Tile};
use crate::model::locale::key;
use crate::query::watch::Level;
use crate::report::page::services::Service;
use crate::report::page::status_bars::unit;

/// Number of services that are named.
const NAMED: usize = 2;

/// The tile; `None` if services are not measured.
pub(super) fn tile(maker: &Maker<'_>, services: &[Service]) -> Option<Tile> {
    let all = maker.number("/systemd/services")?;
    let failed = maker.number("/systemd/failed").unwrap_or(0.0);
    let level = maker.input.watch.level_below(&["service.", "systemd."]);
    let wrong: Vec<&Service> = services.iter().filter(|service| service.state != "ok").collect();
    let note = match wrong.as_slice() {
        [] if failed > 0.0 => maker.locale.with(key::TILE_FAILED, &format!("{failed}")),
        [] => maker.locale.text(key::TILE_ALL_RUNNING).to_string(),
        wrong if maker.input.options.is_public => {
            maker.locale.with(key::TILE_FAILED, &failed.max(wrong.len() as f64).to_string())
        }
        wrong => named(maker, wrong),
    };
    let judged = maker.judged(level);
    // A job that failed raises no alarm, and is not well.
    let state = if judged.state == "ok" && (failed > 0.0 || !wrong.is_empty()) { "warn" } else { judged.state };
    let has_table = maker.input.options.has("services") && !services.is_empty();
    Some(Tile {
        label: maker.locale.label("Services").to_string(),
        value: format!("{}", (all - failed).max(0.0)),
        unit: format!("/ {all}"),
        note,
        is_unusual: failed > 0.0 || !wrong.is_empty(),
        state,
        is_outlined: judged.is_outlined || level <= Level::Fine && state == "warn",
        link: if has_table { "#services".to_string() } else { String::new() },
        ..judged
    })
}

/// `nginx, backup failed`; `nginx, backup and 28 more failed`; a single one that does not run with its state.
fn named(maker: &Maker<'_>, wrong: &[&Service]) -> String {
    let failed: Vec<&str> =
        wrong.iter().filter(|service| service.is_failed).map(|service| unit(&service.name)).collect();
    let (names, text) = match failed.as_slice() {
        [] => (wrong.iter().map(|service| unit(&service.name)).collect(), key::TILE_NOT_RUNNING),
        _ => (failed, key::TILE_NAMES_FAILED),
    };
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let list = match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} {}", maker.locale.with(key::PAGE_AND_MORE, &more.to_string())),
    };
    maker.locale.with(text, &list)
}
