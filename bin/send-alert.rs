//! `osmon-send-alert`: this one command, for crontabs.

fn main() -> std::process::ExitCode {
    osmon::cli::run_one(&osmon::commands::send_alert::COMMAND)
}
