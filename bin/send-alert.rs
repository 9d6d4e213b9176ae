//! `osmon-send-alert`: this command as a program of its own, for crontabs.

fn main() -> std::process::ExitCode {
    osmon::cli::run_one(&osmon::commands::send_alert::COMMAND)
}
