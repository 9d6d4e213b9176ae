//! The two questions of `osmon uninstall`.

use crate::base::error_kind::ErrorKind;
use crate::cli::Call;
use crate::setup::removal::Plan;
use anyhow::{Context, Result};
use std::io::{self, BufRead, IsTerminal, Write};

/// Answers given as flags.
pub struct Answers {
    /// Remove the data too.
    pub with_data: Option<bool>,
    /// Go on without asking.
    pub sure: bool,
}

/// Asks what the flags leave open and the plan has, after calling `show`. Returns whether to remove the data too; `None`: remove nothing.
///
/// # Errors
/// A question is open, and there is no terminal to ask it.
pub fn with_data(call: &Call, answers: &Answers, plan: &Plan, show: impl Fn()) -> Result<Option<bool>> {
    if let (Some(with_data), true) = (answers.with_data, answers.sure) {
        return Ok(Some(with_data));
    }
    if call.out.json || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let flags =
            "add --keep-data or --purge (history and configuration too), and --yes; --dry-run shows what there is";
        return Err(ErrorKind::Usage(format!("there is no terminal to ask at; {flags}")).into());
    }
    show();
    let with_data = match answers.with_data {
        Some(with_data) => with_data,
        None if !plan.has_data() => false,
        None => ask("Remove the data too? It cannot be brought back.")?,
    };
    let parts = plan.parts(with_data);
    if parts.is_empty() {
        return Ok(None);
    }
    let kept = if plan.has_data() && !with_data { ", and keep the data" } else { "" };
    Ok((answers.sure || ask(&format!("Remove {parts}{kept}?"))?).then_some(with_data))
}

fn ask(question: &str) -> Result<bool> {
    print!("{question} [y/N] ");
    io::stdout().flush().context("could not write to the terminal")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("could not read the answer")?;
    Ok(["y", "yes", "o", "oui"].contains(&answer.trim().to_lowercase().as_str()))
}
