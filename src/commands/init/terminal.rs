//! Asks at the terminal. Questions go to standard error, so that the result can be piped.

use crate::base::error_kind::ErrorKind;
use crate::cli::table::fold_to;
use anyhow::Result;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Read, Write};

/// Longest answer, in bytes.
const ANSWER_MAX: u64 = 4096;
const STOPPED: &str = "stopped; nothing was changed";

/// Returns whether somebody can be asked.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks until `read` understands the answer; Enter means `default`, which is shown in brackets: `none` if it is empty and
/// the answer may be.
///
/// # Errors
/// At the end of input.
pub fn ask<T>(question: &str, default: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T> {
    let shown = match (default, read(default).is_ok()) {
        ("", true) => " [none]".to_string(),
        ("", false) => String::new(),
        (default, _) => format!(" [{default}]"),
    };
    loop {
        say(&format!("{question}{shown}: "));
        let answer = line()?;
        let answer = answer.trim();
        match read(if answer.is_empty() { default } else { answer }) {
            Ok(value) => return Ok(value),
            Err(why) => fold_to(&why, 76).iter().for_each(|line| say(&format!("  {line}\n"))),
        }
    }
}

/// Asks for a secret without showing it. Empty: none.
///
/// # Errors
/// At Ctrl-C and at the end of input.
pub fn ask_secret(question: &str) -> Result<String> {
    say(&format!("{question}: "));
    let silence = Silence::begin()?;
    let secret = secret_line();
    drop(silence);
    say("\n");
    secret
}

/// Prints a part of the dialog.
pub fn say(text: &str) {
    let mut err = io::stderr();
    // Without standard error nobody can be asked either: the answer then ends the dialog.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

fn line() -> Result<String> {
    let mut answer = Vec::new();
    let length = io::stdin().lock().take(ANSWER_MAX).read_until(b'\n', &mut answer)?;
    if length == 0 {
        say("\n");
        return Err(stopped());
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Reads key by key: the terminal neither shows nor edits the line, and Ctrl-C must not leave it like that.
fn secret_line() -> Result<String> {
    let mut secret = Vec::new();
    for byte in io::stdin().lock().bytes().take(ANSWER_MAX as usize) {
        match byte? {
            b'\r' | b'\n' => return Ok(String::from_utf8_lossy(&secret).into_owned()),
            // Ctrl-C and Ctrl-D.
            3 | 4 => return Err(stopped()),
            // Backspace takes a whole character, Ctrl-U all.
            8 | 127 => while secret.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            21 => secret.clear(),
            byte => secret.push(byte),
        }
    }
    Err(stopped())
}

fn stopped() -> anyhow::Error {
    ErrorKind::Usage(STOPPED.to_string()).into()
}

/// The terminal shows no input until this is dropped.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to restore.
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.before);
    }
}
