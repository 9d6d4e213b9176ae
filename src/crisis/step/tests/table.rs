//! The transition table of `docs/rules.md`, each row by itself: initial state, input, resulting state, notifications.
//! Silences, acknowledgements, flapping and vanished elements have tests of their own.

use super::rows::Run;
use super::*;

/// Input after the initial state was reached.
enum Then {
    /// A number of minutes at a value.
    At(usize, f64),
    /// A number of minutes without a value.
    Without(usize),
    /// A pause in seconds, then a minute at a value.
    Gap(f64, f64),
    /// A boot, a number of seconds after the last snapshot, then a minute at a value.
    Boot(f64, f64),
    /// The wall clock is set by a number of seconds, then a minute at a value.
    Set(i64, f64),
}
use Then::{At, Boot, Gap, Set, Without};

/// Description, way to the initial state, input, resulting state, and notifications.
type Row = (&'static str, &'static [f64], Then, Lifecycle, &'static [&'static str]);

/// Ways to a state, one value per minute.
const OK: &[f64] = &[10.0];
const PENDING: &[f64] = &[90.0, 90.0];
const WARNING: &[f64] = &[90.0, 90.0, 90.0];
const CRITICAL: &[f64] = &[99.0, 99.0, 99.0];
const RECOVERING: &[f64] = &[90.0, 90.0, 90.0, 10.0];

#[test]
fn each_row() {
    use Lifecycle::{Firing, Ok as Well, Pending, Recovering};
    let cases: Vec<Row> = vec![
        ("OK, well", OK, At(9, 10.0), Well, &[]),
        ("OK, beyond a limit", OK, At(1, 90.0), Pending, &[]),
        ("PENDING, inside again", PENDING, At(1, 10.0), Well, &[]),
        ("PENDING, inside the limit that raises, beyond the one that clears", PENDING, At(1, 75.0), Well, &[]),
        ("PENDING, for long enough", PENDING, At(1, 90.0), Firing, &["fired warning"]),
        ("PENDING, critical not for long enough", PENDING, At(1, 99.0), Firing, &["fired warning"]),
        ("a warning, critical for long enough", WARNING, At(3, 99.0), Firing, &["escalated critical"]),
        ("a warning, critical for a moment", WARNING, At(2, 99.0), Firing, &[]),
        ("critical, a warning is left", CRITICAL, At(30, 82.0), Firing, &[]),
        ("critical, between its clear and its raise", CRITICAL, At(1, 90.0), Firing, &[]),
        ("FIRING, between clear and raise", WARNING, At(30, 75.0), Firing, &[]),
        ("FIRING, inside the limit that clears", WARNING, At(1, 10.0), Recovering, &[]),
        ("RECOVERING, beyond it again", RECOVERING, At(1, 75.0), Firing, &[]),
        ("RECOVERING, for long enough", RECOVERING, At(2, 10.0), Well, &["recovered warning"]),
        ("a warning, a day later", WARNING, At(1440, 90.0), Firing, &["reminded warning"]),
        ("critical, 1 h and 4 h later", CRITICAL, At(300, 99.0), Firing, &["reminded critical", "reminded critical"]),
        ("OK, no value", OK, Without(40), Well, &[]),
        ("PENDING, no value", PENDING, Without(3), Pending, &[]),
        ("FIRING, no value", WARNING, Without(40), Firing, &["fired warning"]),
        ("RECOVERING, no value", RECOVERING, Without(3), Recovering, &[]),
        ("OK, a gap", OK, Gap(3600.0, 90.0), Pending, &[]),
        ("PENDING, a gap: counted anew", PENDING, Gap(3600.0, 90.0), Pending, &[]),
        ("PENDING, a gap, and it is well", PENDING, Gap(3600.0, 10.0), Well, &[]),
        (
            "PENDING, half an hour in which nobody looked counts as a minute",
            PENDING,
            Gap(1800.0, 90.0),
            Firing,
            &["fired warning"],
        ),
        ("PENDING after a minute, then half an hour in which nobody looked", &[90.0], Gap(1800.0, 90.0), Pending, &[]),
        ("RECOVERING, half an hour in which nobody looked", RECOVERING, Gap(1800.0, 10.0), Recovering, &[]),
        ("PENDING, less than a gap", PENDING, Gap(200.0, 90.0), Firing, &["fired warning"]),
        ("FIRING, a gap: kept", WARNING, Gap(3600.0, 90.0), Firing, &[]),
        ("FIRING, a gap, and it is well: that is not certain yet", WARNING, Gap(3600.0, 10.0), Recovering, &[]),
        ("RECOVERING, a gap: well counted anew", RECOVERING, Gap(3600.0, 10.0), Recovering, &[]),
        ("PENDING, a boot", PENDING, Boot(60.0, 90.0), Pending, &[]),
        ("FIRING, a boot", WARNING, Boot(60.0, 90.0), Firing, &[]),
        ("RECOVERING, a boot", RECOVERING, Boot(60.0, 10.0), Recovering, &[]),
        ("PENDING, the clock is set ahead by a year", PENDING, Set(31_536_000, 90.0), Firing, &["fired warning"]),
        ("PENDING, the clock is set back by a year", PENDING, Set(-31_536_000, 90.0), Firing, &["fired warning"]),
        ("FIRING, the clock is set ahead", WARNING, Set(31_536_000, 90.0), Firing, &[]),
        ("FIRING, the clock is set back", WARNING, Set(-31_536_000, 90.0), Firing, &[]),
        ("RECOVERING, the clock is set ahead", RECOVERING, Set(86_400, 10.0), Recovering, &[]),
        ("RECOVERING, the clock is set back", RECOVERING, Set(-86_400, 10.0), Recovering, &[]),
    ];
    for (name, way, then, lifecycle, expected) in cases {
        let mut run = Run::new(&[rule(120, 120)]);
        way.iter().for_each(|value| drop(run.cpu(1, *value)));
        let told = match then {
            At(minutes, value) => run.cpu(minutes, value),
            Without(minutes) => (0..minutes).flat_map(|_| run.minute(&[("load.one", 1.0)])).collect(),
            Gap(seconds, value) => {
                run.pass(seconds - 60.0);
                run.cpu(1, value)
            }
            Boot(seconds, value) => {
                run.clock.now.wall += TimeDelta::milliseconds((seconds * 1e3) as i64);
                (run.clock.boot_id, run.clock.now.boottime_seconds) = ("after".into(), 0.0);
                run.cpu(1, value)
            }
            Set(seconds, value) => {
                run.clock.now.wall += TimeDelta::seconds(seconds);
                run.cpu(1, value)
            }
        };
        assert_eq!(told, expected, "{name}");
        let alert = run.state.alerts.get("cpu");
        assert_eq!(alert.map_or(Well, |alert| alert.lifecycle), lifecycle, "{name}");
        for mut alert in run.state.alerts.values().cloned() {
            assert!(alert.stamps().all(|stamp| stamp.wall <= run.clock.now.wall), "{name}: a time in the future");
        }
    }
}
