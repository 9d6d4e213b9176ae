//! The tiles: the six key figures with usual values and forecasts. Where another value of the same resource is over a
//! limit, it takes the place of the usual one, so that a tile is always coloured by the value that it shows.

mod candidates;
mod maker;
mod services_tile;

pub use maker::Tile;

use crate::report::page::data::PageData;
use crate::report::page::services::Service;
use maker::Maker;
use serde_json::Value;

/// The tiles of the newest snapshot.
pub fn tiles(input: &PageData, snapshot: &Value, services: &[Service]) -> Vec<Tile> {
    let maker = Maker { input, snapshot, locale: input.options.locale };
    let resources = [maker.cpu(), maker.memory(), maker.disk(), maker.load(), maker.pressure()];
    let mut tiles: Vec<Tile> = resources.into_iter().filter_map(|candidates| maker.tile(candidates)).collect();
    tiles.extend(services_tile::tile(&maker, services).or_else(|| maker.tile(maker.processes())));
    tiles
}
