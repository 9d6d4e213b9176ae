//! Programs that print when something last succeeded.

use super::Root;
use super::program::objection;
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use std::time::Duration;

/// Longest message of a program that is kept, in characters.
const MESSAGE_MAX: usize = 160;

impl Root {
    /// Output of a command, whose first word is the path of a program; of a recorded host the file `freshness-NAME`. It is started with
    /// a clean environment, and only if nobody else can change it.
    ///
    /// # Errors
    /// It may not or cannot be started, fails, or does not end in time.
    pub fn success_time(&self, name: &str, command: &[String], limit: Duration) -> Result<String, String> {
        if self.recorded {
            return self.recorded_text(&format!("freshness-{name}")).ok_or_else(|| "the command failed".to_string());
        }
        let (program, arguments) = command.split_first().ok_or("there is no command")?;
        if let Some(objection) = objection(program, self.own_uid()) {
            return Err(objection.english());
        }
        let limit = self.time_for(limit)?;
        let done = subprocess::run_confined(program, arguments, Vec::new(), limit)
            .map_err(|error| format!("{program}: {error}"))?;
        let said = clean_bytes(done.stderr.trim_ascii(), MESSAGE_MAX);
        match (done.timed_out, done.code, done.signal) {
            (true, _, _) => Err(format!("{program} did not answer within {:.1} s", limit.as_secs_f64())),
            (false, Some(0), _) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
            (false, Some(code), _) if said.is_empty() => Err(format!("{program} ended with status {code}")),
            (false, Some(code), _) => Err(format!("{program} ended with status {code}: {said}")),
            (false, None, signal) => Err(format!("{program} was ended by signal {}", signal.unwrap_or_default())),
        }
    }
}
