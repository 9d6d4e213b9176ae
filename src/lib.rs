//! osmon: host monitoring from one crontab line.
//!
//! The layers, top to bottom; each imports only from those below it (`docs/design.md`).

// One file per command, and the one table of them.
pub mod commands;

// The minute: its steps, the only code that writes state.
pub mod pipeline;

// The page: gathers, draws, renders.
pub mod report;

// Read models: incidents, timeline, health, consumers, forecast.
pub mod query;

// Configuration, store, host, clock and output of one call.
pub mod context;

// Engines: each does one thing and imports no other engine.
pub mod alert; //    outbox, message texts, transports
pub mod archive; //  backup and restore
pub mod crisis; //   rules and the incident state machine
pub mod heal; //     repairs: guards, budgets, actions
pub mod probe; //    the host, measured
pub mod setup; //    installation: discovery, configuration, schedule

// Streams, rollups, state files.
pub mod store;

// Files of the kernel and of the operating system: /proc, /sys, /etc, /run, /var.
pub mod host;

// Flags, exit codes, output, dispatch; osmon.toml and the environment, typed.
pub mod cli;
pub mod config;

// Plain types: record, metric, event, incident.
pub mod model;

// Files, locks, clocks, units, text, network clients; knows nothing of osmon.
pub mod base;
