//! tmp
use super::here::Here;
use crate::cli::{Call, Command, Exit};
use anyhow::Result;
pub const COMMAND: Command = Command {
    name: "graph",
    aliases: &["report"],
    about: "",
    examples: "",
    arguments: |c| c,
    run,
    exits: &[Exit::Done],
    failure: None,
};
fn run(_: &Call) -> Result<Exit> {
    Ok(Exit::Done)
}
pub fn write(here: &Here, _out: Option<std::path::PathBuf>) -> Result<std::path::PathBuf> {
    Ok(here.report_path())
}
