//! Network clients with a deadline: TCP, TLS and HTTP.

pub mod attempt;
pub mod http;
pub mod wire;
