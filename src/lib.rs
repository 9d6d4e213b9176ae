//! osmon: host monitoring from one crontab line.
//!
//! The layers, top to bottom; each imports only from those below it (`docs/design.md`).

pub mod commands; // one file per command, and the one table of them
pub mod context;
pub mod pipeline; // the minute: its steps, the only code that writes state
pub mod query; //    read models: incidents, timeline, health, consumers, forecast
pub mod report; //   the page: gathers, draws, renders //  configuration, store, host, clock and output of one call
// Engines: each does one thing and imports no other engine.
pub mod alert; //    outbox, message texts, transports
pub mod archive; //  backup and restore
pub mod base;
pub mod cli; //      flags, exit codes, output, dispatch
pub mod config; //   osmon.toml and the environment, typed
pub mod crisis; //   rules and the incident state machine
pub mod model; //    plain types: record, metric, event, incident
pub mod probe; //    the host, measured
pub mod setup; //    installation: discovery, configuration, schedule
pub mod store; //    streams, rollups, state files //     files, locks, clocks, units, text, network clients; knows nothing of osmon
