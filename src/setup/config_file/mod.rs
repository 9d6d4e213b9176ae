//! The configuration that a set-up writes: only what differs from the defaults, and in an existing file only what was
//! answered differently.

mod draft;
mod edit;
#[cfg(test)]
mod tests;
mod wishes;
mod write;

pub use draft::{Draft, SecretFile, draft};
pub use write::{Written, give_to_group_of_directory, write};
