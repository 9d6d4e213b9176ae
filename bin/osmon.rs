//! `osmon`: every command in one process.

fn main() -> std::process::ExitCode {
    osmon::cli::run_all(osmon::commands::TABLE)
}
