//! osmon: host monitoring from one crontab line.
//!
//! The rooms, top to bottom; each imports only from the ones below it (`docs/design.md`):

pub mod alert; //    L3  outbox, message texts, transports
pub mod archive; //  L3  backup and restore
pub mod base;
pub mod cli; //      L4  what all commands share: flags, exit codes, output, dispatch
pub mod commands; // L5  one file per command, and the one table of them
pub mod config; //   L2  osmon.toml and the environment, typed
pub mod crisis; //   L3  rules and the incident state machine
pub mod model; //    L1  plain types: record, metric, event, incident
pub mod probe; //    L3  the host, measured
pub mod report; //   L3  series, charts, the page
pub mod store; //    L3  streams and state files //     L0  knows nothing of osmon
