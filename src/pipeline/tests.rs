//! Tests of the minute.

use super::*;

#[test]
fn all_time_limits_together_stay_below_the_longest_run() {
    let steps = [
        run_lock::LOCK_PATIENCE,
        MEASURE_LIMIT,
        DETECT_LIMIT,
        ENQUEUE_LIMIT,
        STORE_LIMIT,
        MAINTAIN_LIMIT,
        BASELINE_LIMIT,
        deliver::LIMIT_MIN,
        RENDER_LIMIT,
        PING_LIMIT * 2,
    ];
    assert!(steps.iter().sum::<Duration>() <= RUN_LIMIT, "{:?}", steps.iter().sum::<Duration>());
    let later = run_lock::LOCK_PATIENCE + deliver::LIMIT_MIN + RENDER_LIMIT + PING_LIMIT * 2;
    for seconds in 0..60 {
        let elapsed = Duration::from_secs(seconds);
        let healed = heal_limit(elapsed);
        assert!(healed.is_none_or(|limit| elapsed + limit + later <= RUN_LIMIT), "{seconds} s: {healed:?}");
    }
    assert_eq!(heal_limit(Duration::ZERO), Some(heal::LIMIT));
    assert_eq!(heal_limit(Duration::from_secs(24)), None);
}
