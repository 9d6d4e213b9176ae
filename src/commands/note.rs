//! `osmon note`: add a note to the timeline.

use crate::base::clock::{local_minute, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::parse_past;
use crate::base::text::clean;
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::pipeline::annotations;
use crate::pipeline::journal;
use anyhow::Result;
use clap::{Args, FromArgMatches};
use std::ffi::OsString;
use std::time::Duration;

/// Longest wait for another osmon process.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest note, in characters.
const TEXT_MAX: usize = 500;

#[derive(Debug, Args)]
struct Arguments {
    /// The note
    #[arg(value_name = "TEXT", required = true)]
    words: Vec<OsString>,
    /// Time of the event: 14:30, "yesterday 14:30", "2h ago" [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "note",
    about: "Add a note to the timeline, shown by history and page",
    group: Group::EveryDay,
    examples: "  osmon note \"deployed v3\"\n  osmon note \"disk replaced\" --at 14:30",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let text = text(&arguments.words)?;
    let context = Context::open(call)?;
    let now = context.now.wall;
    let time = arguments.at.as_deref().map_or(Ok(now), |at| parse_past::parse(at, now)).map_err(ErrorKind::Usage)?;
    if time > now {
        return Err(ErrorKind::Usage(format!("--at {} is in the future", local_minute(time))).into());
    }
    let author = annotations::author();
    let mark = Annotation {
        id: format!("note-{}-{:08x}", now.timestamp_millis(), crc32fast::hash(format!("{author}\n{text}").as_bytes())),
        kind: AnnotationKind::Note,
        time: stamp(time),
        since: None,
        duration_seconds: None,
        text,
        localized: None,
        author: Some(author),
    };
    let lock = context.store.lock(PATIENCE)?;
    journal::append_annotation(&context, &mark)?;
    drop(lock);
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "mark": mark }).to_string());
    }
    call.out.info(&format!("noted for {}: {}", local_minute(time), mark.text));
    Ok(Exit::Done)
}

/// The words as one cleaned line.
fn text(words: &[OsString]) -> Result<String, ErrorKind> {
    let given = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let line = given.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() {
        0 => Err(ErrorKind::Usage("the note is empty; for example: osmon note \"deployed v3\"".to_string())),
        length if length > TEXT_MAX => {
            Err(ErrorKind::Usage(format!("the note has {length} characters; the maximum is {TEXT_MAX}")))
        }
        _ => Ok(clean(&line, TEXT_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_one_line() {
        let text = |words: &[&str]| text(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(text(&["deployed", "v3"]).unwrap(), "deployed v3");
        assert_eq!(text(&[" a\n\tb\u{1b}[31m "]).unwrap(), "a b\u{FFFD}[31m");
        assert_eq!(text(&["é".repeat(500).as_str()]).unwrap().chars().count(), 500);
        for wrong in ["", " \n", "x".repeat(501).as_str()] {
            assert!(text(&[wrong]).is_err());
        }
    }
}
