//! The flags: one for each answer. A secret is never a flag.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The scheduler that runs osmon each minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Scheduler {
    /// cron where it is installed, else a systemd timer.
    #[default]
    Auto,
    /// cron.
    Cron,
    /// A systemd timer.
    Timer,
    /// Nothing, or what is there already.
    None,
}

// The flags of the command.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Recipients of mails, separated by commas; "none": no mails
    #[arg(long, value_name = "ADDRESS,…")]
    pub to: Option<String>,
    /// Send mails through this server; the port decides about the security
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "sendmail")]
    pub smtp: Option<String>,
    /// starttls, tls (from the first byte), or none (this host, a trusted network)
    #[arg(long, value_name = "KIND", value_parser = ["starttls", "tls", "none"])]
    pub security: Option<String>,
    /// Log in to the server as this user; the password: --password-file, or OSMON_ALERT_SMTP_PASSWORD, or it is asked
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// A file whose first line is the password, readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The certificate of the server or of its authority, if the system does not trust it
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
    /// The name by which this host introduces itself to the server
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub helo_name: Option<String>,
    /// The sender of mails
    #[arg(long, value_name = "ADDRESS", hide_short_help = true)]
    pub from: Option<String>,
    /// Send mails with msmtp or sendmail
    #[arg(long, value_name = "PROGRAM", num_args = 0..=1, default_missing_value = "auto")]
    pub sendmail: Option<String>,
    /// Also send to a webhook of Slack, Teams, Discord, ntfy or your own; KIND for a server of your own (ntfy=https://…)
    #[arg(long, value_name = "[KIND=]URL")]
    pub webhook: Option<String>,
    /// Services that must run, separated by commas; "auto": those that run now, besides those watched; "none"
    #[arg(long, value_name = "SERVICE,…")]
    pub watch: Option<String>,
    /// Send a daily status mail at this local time; "none"
    #[arg(long, value_name = "HH:MM")]
    pub daily_status: Option<String>,
    /// Request this URL after each run (healthchecks, Uptime Kuma, …); "none"
    #[arg(long, value_name = "URL")]
    pub ping_url: Option<String>,
    /// Publish the page below this root of a web server, or below the one found; "none"
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "auto")]
    pub web: Option<String>,
    /// Leave names of processes and users out of the page; usual for a page that --web publishes
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"], hide_possible_values = true)]
    pub public: Option<String>,
    /// Language of page and mails
    #[arg(long, value_name = "TAG", value_parser = ["en", "fr"])]
    pub language: Option<String>,
    /// What runs osmon each minute: auto, cron, timer, or none (nothing new)
    #[arg(long, value_name = "KIND", value_enum, default_value_t, hide_possible_values = true)]
    pub schedule: Scheduler,
    /// Ask nothing: accept what is proposed
    #[arg(short, long)]
    pub yes: bool,
    /// Send no test mail
    #[arg(long)]
    pub no_test: bool,
    /// Print the configuration and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
