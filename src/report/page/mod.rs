//! The page: verdict, tiles, charts, tables and events as HTML.

pub mod answers;
pub mod attention;
mod bad_days;
pub mod beginning;
mod components;
pub mod consumers;
pub mod data;
pub mod fire;
pub mod footer;
pub mod markers;
pub mod options;
pub mod outlook;
mod pending;
mod problem_blocks;
mod problems;
pub mod public;
pub mod range_view;
pub mod render;
pub mod repairs;
pub mod services;
pub mod sheet;
pub mod size_budget;
pub mod status_bars;
pub mod summary;
pub mod tiles;
pub mod timeline;
pub mod verdict;
