//! The clock of the host and the program that keeps it.

use super::Root;
use crate::base::clock_sync::{self, KernelClock};
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use std::time::Duration;

/// Time limit of `chronyc`.
const LIMIT: Duration = Duration::from_secs(2);
/// Files of a running chronyd: its process id, or its socket.
const CHRONY: [&str; 4] = ["chrony/chronyd.pid", "chronyd.pid", "chrony/chronyd.sock", "chronyd/chronyd.pid"];
/// Field of `chronyc -c tracking` with the seconds by which the clock is behind.
const BEHIND_FIELD: usize = 4;

impl Root {
    /// State of the kernel's clock, or the file `adjtimex` of a recorded host: `synchronized`, or another word, then
    /// `behind_ms=` and `max_error_ms=`.
    pub fn kernel_clock(&self) -> Option<KernelClock> {
        if !self.recorded {
            return clock_sync::read();
        }
        Some(parse_record(&self.recorded_text("adjtimex")?))
    }

    /// Returns whether the clock is synchronised; `None`: the kernel does not say.
    pub fn is_clock_synchronized(&self) -> Option<bool> {
        self.kernel_clock().map(|clock| clock.synchronized)
    }

    /// Returns whether chronyd keeps the clock.
    pub fn has_chrony(&self) -> bool {
        CHRONY.iter().any(|file| self.base.join("run").join(file).exists())
    }

    /// By how much the clock is behind its source according to chronyd, in milliseconds; negative: ahead. From the file
    /// `chronyc-tracking` of a recorded host.
    ///
    /// # Errors
    /// chronyc cannot be started, fails, or does not answer in time.
    pub fn chrony_behind_ms(&self) -> Result<f64, String> {
        let text = if self.recorded {
            self.recorded_text("chronyc-tracking").ok_or("chronyc: no such program")?
        } else {
            let arguments = ["-n", "-c", "tracking"].map(str::to_string);
            let limit = self.spare_time_for(LIMIT)?;
            let done = subprocess::run("chronyc", &arguments, Vec::new(), limit)
                .map_err(|error| format!("chronyc: {error}"))?;
            if done.timed_out {
                return Err(format!("chronyc did not answer within {:.1} s", limit.as_secs_f64()));
            }
            if done.code != Some(0) {
                // It complains on standard output.
                return Err(format!("chronyc: {}", clean_bytes(done.stdout.trim_ascii(), 200)));
            }
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        parse_tracking(&text).ok_or_else(|| "chronyc: chronyd has no source of time".to_string())
    }
}

/// The record of the clock of a recorded host.
fn parse_record(text: &str) -> KernelClock {
    let number = |key: &str| {
        let mut numbers = text.split_whitespace().filter_map(|word| word.strip_prefix(key)?.parse::<f64>().ok());
        numbers.find(|number| number.is_finite())
    };
    KernelClock {
        synchronized: text.split_whitespace().next() == Some("synchronized"),
        behind_ms: number("behind_ms="),
        max_error_ms: number("max_error_ms="),
    }
}

/// The offset in the output of `chronyc -c tracking`; `None`: there is no source, or the output has another form.
fn parse_tracking(text: &str) -> Option<f64> {
    let fields: Vec<&str> = text.trim().split(',').collect();
    // Without a source its identity is 0, and the offset means nothing.
    fields.first().filter(|id| id.chars().any(|digit| digit != '0'))?;
    let seconds: f64 = fields.get(BEHIND_FIELD)?.parse().ok()?;
    let milliseconds = seconds * 1e3;
    milliseconds.is_finite().then_some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_offset_of_chrony() {
        let line = "C0A80001,192.168.0.1,2,1795143600.123456789,0.001250000,-0.000012,0.000034,-12.345,-0.001,0.012,0.0023,0.0011,64.5,Normal\n";
        assert_eq!(parse_tracking(line), Some(1.25));
        assert_eq!(parse_tracking(&line.replace("0.001250000", "-3.5")), Some(-3500.0));
        for none in ["", "506 Cannot talk to daemon", "A,B,C,D,nan", "A,B", &line.replace("C0A80001", "00000000")] {
            assert_eq!(parse_tracking(none), None, "{none}");
        }
    }

    #[test]
    fn the_clock_of_this_host_is_read() {
        assert!(Root::new(None).kernel_clock().is_none_or(|clock| clock.max_error_ms >= Some(0.0)));
    }

    proptest! {
        #[test]
        fn every_offset_of_chrony_is_read_as_it_is(id in "[1-9A-F][0-9A-F]{7}", name in "[^,\n]{0,20}", ms in -9e9..9e9_f64) {
            let line = format!("{id},{name},2,1795143600.1,{:.9},0.1,0.1,x,,nan,,,64.5,Normal\n", ms / 1e3);
            prop_assert!(parse_tracking(&line).is_some_and(|behind| (behind - ms).abs() < 1e-3));
        }

        #[test]
        fn any_output_is_no_number_or_a_finite_one(text in "([^,]{0,6}|[0-9.e+-]{0,8}|nan|inf|1e308|,){0,20}") {
            prop_assert!(parse_tracking(&text).is_none_or(f64::is_finite));
            let clock = parse_record(&text.replace(',', " behind_ms="));
            prop_assert!(clock.behind_ms.is_none_or(f64::is_finite));
        }

        #[test]
        fn each_word_of_a_record_counts_alone(noise in "[a-z=]{1,12}", behind in -1e6..1e6_f64, error in 0.0..1e6_f64) {
            let clock = |text: &str| parse_record(text);
            let whole = clock(&format!("synchronized {noise} behind_ms={behind} max_error_ms={error}"));
            prop_assert_eq!(whole, KernelClock { synchronized: true, behind_ms: Some(behind), max_error_ms: Some(error) });
            let broken = clock(&format!("unsynchronized behind_ms={noise} max_error_ms={error}"));
            prop_assert_eq!(broken, KernelClock { synchronized: false, behind_ms: None, max_error_ms: Some(error) });
        }
    }
}
