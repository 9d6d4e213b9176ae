//! The answers of a set-up, whoever gives them.

use crate::config::is_loopback;

/// The answers to all questions of `osmon init`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Recipients of mails; none: no mail.
    pub to: Vec<String>,
    /// Sender; empty: the default.
    pub from: String,
    /// How mails leave this host.
    pub sending: Sending,
    /// A new URL of a webhook, which is a secret; `None`: as it is.
    pub webhook: Option<NewWebhook>,
    /// Services that must run.
    pub watch: Vec<String>,
    /// Local time of the daily status mail; empty: none.
    pub daily_status: String,
    /// URL requested after each run; empty: none.
    pub ping_url: String,
    /// File of the page; empty: in the data directory.
    pub page: String,
    /// The page leaves out the names of processes and users.
    pub public: bool,
    /// Language of page and mails.
    pub language: String,
    /// Data directory; empty: the usual one.
    pub data_dir: String,
}

/// How mails leave this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sending {
    /// Not chosen.
    #[default]
    Unknown,
    /// By a mail server.
    Smtp(Server),
    /// By a program: its path.
    Program(String),
}

/// A mail server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port; 0: the usual one.
    pub port: u16,
    /// `starttls`, `tls` or `none`.
    pub security: String,
    /// User to log in as; empty: no login.
    pub user: String,
    /// File whose first line is the password; empty: none.
    pub password_file: String,
    /// A new password, to be written to a file of its own.
    pub password: Option<String>,
    /// PEM file with its certificate or authority; empty: none.
    pub ca_file: String,
    /// The name by which this host introduces itself; empty: its full name.
    pub helo_name: String,
}

/// A webhook that is to be added or replaced.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewWebhook {
    /// Format such as `ntfy`; empty: guessed from the URL.
    pub kind: String,
    /// The URL; empty: none any more.
    pub url: String,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWebhook").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Server {
    /// Returns whether the server is this host, without a lookup.
    pub fn is_local(&self) -> bool {
        is_loopback(&self.host)
    }
}
