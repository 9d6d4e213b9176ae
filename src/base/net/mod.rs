//! Network clients with a deadline: TCP, TLS and HTTP.

mod certificate;
pub mod connection;
pub mod failure;
pub mod http;
pub mod http_url;
mod https;
pub mod step_log;
pub mod tls;
