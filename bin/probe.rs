//! `osmon-probe`: this one command, for crontabs.

fn main() -> std::process::ExitCode {
    osmon::cli::run_one(&osmon::commands::probe::COMMAND)
}
