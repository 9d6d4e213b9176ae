//! Where results and complaints go: silent without a terminal when all is well, because cron mails every byte.

use super::brake;
use super::common::{Color, Common};
use chrono::{DateTime, Utc};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;

/// How a word is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Heading.
    Bold,
    /// Less important.
    Dim,
    /// Well.
    Good,
    /// A warning.
    Warn,
    /// Critical.
    Bad,
}

/// The output of one command.
#[derive(Debug)]
pub struct Output {
    /// `osmon-probe` or `osmon probe`: what complaints begin with.
    pub program: String,
    /// Results are JSON.
    pub json: bool,
    quiet: bool,
    shown: bool,
    colored: bool,
    brake: Mutex<Option<(PathBuf, DateTime<Utc>)>>,
    failure: Mutex<Option<io::Error>>,
}

impl Output {
    /// The output that the common flags ask for.
    pub fn new(program: &str, common: &Common) -> Self {
        let terminal = io::stdout().is_terminal();
        let colored = match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let shown = !common.quiet && !common.json && (terminal || common.verbose > 0);
        Self {
            program: program.to_string(),
            json: common.json,
            quiet: common.quiet,
            shown,
            colored,
            brake: Mutex::new(None),
            failure: Mutex::new(None),
        }
    }

    /// Whether a person is looking.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Complaints are held back from now on when they repeat (see `brake`), remembered below `directory`.
    pub fn hold_back(&self, directory: PathBuf, now: DateTime<Utc>) {
        if let Ok(mut brake) = self.brake.lock() {
            *brake = Some((directory, now));
        }
    }

    /// Every complaint is said, however often.
    pub fn hold_nothing_back(&self) {
        if let Ok(mut brake) = self.brake.lock() {
            *brake = None;
        }
    }

    /// For people: shown on a terminal only.
    pub fn info(&self, text: &str) {
        if self.shown {
            self.write_line(text);
        }
    }

    /// What was asked for: always printed, unless `--quiet`.
    pub fn print(&self, text: &str) {
        if !self.quiet {
            self.write_line(text);
        }
    }

    fn write_line(&self, text: &str) {
        match writeln!(io::stdout(), "{text}") {
            // A reader that has seen enough (`osmon probe | head -1`) is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                if let Ok(mut failure) = self.failure.lock() {
                    failure.get_or_insert(error);
                }
            }
            _ => {}
        }
    }

    /// Why something could not be printed, if so.
    pub fn failure(&self) -> Option<io::Error> {
        self.failure.lock().ok().and_then(|mut failure| failure.take())
    }

    /// What is wrong, in one line on standard error. Under cron a complaint that repeats is held back.
    pub fn warn(&self, text: &str) {
        let one_line = text.replace('\n', "; ");
        let passed = match self.brake.lock().ok().and_then(|brake| brake.clone()) {
            Some((directory, now)) if !io::stderr().is_terminal() => brake::pass(&directory, &one_line, now),
            _ => Some(one_line),
        };
        if let Some(text) = passed {
            // A closed standard error is nobody's to complain to.
            let _ = writeln!(io::stderr(), "{}: {text}", self.program);
        }
    }

    /// Sets a word off where colours are wanted.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if !self.colored {
            return text.to_string();
        }
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Warn => "33",
            Style::Bad => "1;31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
