//! `osmon-graph`: this command as a program of its own, for crontabs.

fn main() -> std::process::ExitCode {
    osmon::cli::run_one(&osmon::commands::graph::COMMAND)
}
