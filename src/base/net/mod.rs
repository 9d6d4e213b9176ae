//! Network clients with a deadline: TCP, TLS and HTTP.

pub mod connection;
pub mod failure;
pub mod http;
pub mod http_url;
pub mod step_log;
pub mod tls;
