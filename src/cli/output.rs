//! Destination of results and warnings. Without a terminal nothing is printed while all is well, because cron mails all
//! output.

use super::common::{Color, Common};
use super::log_throttle::throttle;
use super::table::fold_behind;
use chrono::{DateTime, Utc};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;

/// Emphasis of text on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Heading.
    Bold,
    /// Less important.
    Dim,
    /// OK.
    Good,
    /// Warning.
    Warn,
    /// Critical.
    Bad,
}

/// The output of one command.
#[derive(Debug)]
pub struct Output {
    /// Prefix of warnings: `osmon-probe` or `osmon probe`.
    pub program: String,
    /// Results are printed as JSON.
    pub json: bool,
    quiet: bool,
    shown: bool,
    colored: bool,
    terminal: bool,
    throttled: Mutex<Option<(PathBuf, DateTime<Utc>)>>,
    failure: Mutex<Option<io::Error>>,
}

impl Output {
    /// The output that the common options ask for.
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
            terminal,
            throttled: Mutex::new(None),
            failure: Mutex::new(None),
        }
    }

    /// Returns whether text for people is printed: on a terminal or with `-v`, without `--json` and `--quiet`.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Throttles repeated warnings from now on; the state is kept below `directory`.
    pub fn throttle_warnings(&self, directory: PathBuf, now: DateTime<Utc>) {
        if let Ok(mut throttled) = self.throttled.lock() {
            *throttled = Some((directory, now));
        }
    }

    /// Prints every warning from now on, however often it is repeated.
    pub fn print_all_warnings(&self) {
        if let Ok(mut throttled) = self.throttled.lock() {
            *throttled = None;
        }
    }

    /// Prints text for people if [`Self::is_shown`].
    pub fn info(&self, text: &str) {
        if self.shown {
            self.write_line(text);
        }
    }

    /// Prints a result: always, unless `--quiet`.
    pub fn print(&self, text: &str) {
        if !self.quiet {
            self.write_line(text);
        }
    }

    fn write_line(&self, text: &str) {
        match writeln!(io::stdout(), "{text}") {
            // A reader that ends early (`osmon probe | head -1`) is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                if let Ok(mut failure) = self.failure.lock() {
                    failure.get_or_insert(error);
                }
            }
            _ => {}
        }
    }

    /// The first error of writing to standard output, once.
    pub fn failure(&self) -> Option<io::Error> {
        self.failure.lock().ok().and_then(|mut failure| failure.take())
    }

    /// Prints a warning or error in one line on standard error; repeated ones are throttled under cron.
    pub fn warn(&self, text: &str) {
        let one_line = text.replace('\n', "; ");
        let throttled = self.throttled.lock().ok().and_then(|throttled| throttled.clone());
        let printed = match throttled {
            Some((directory, now)) if !io::stderr().is_terminal() => throttle(&directory, &one_line, now),
            _ => Some(one_line),
        };
        if let Some(text) = printed {
            // With standard error closed there is nowhere left to report to.
            let _ = writeln!(io::stderr(), "{}: {text}", self.program);
        }
    }

    /// A text behind `head`, folded on a terminal as [`fold_behind`]. Elsewhere it stays one line, for programs that read lines.
    pub fn fold(&self, head: &str, text: &str) -> String {
        if self.terminal { fold_behind(head, text) } else { format!("{head}{text}") }
    }

    /// Emphasises text if colours are enabled.
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
