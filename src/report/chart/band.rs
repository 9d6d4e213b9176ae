//! Simplification of the edges of bands.

/// Drops points that lie within `slack` of the line between their neighbours.
pub fn straightened(points: impl Iterator<Item = (f64, f64)>, slack: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let (mut last, mut steepest, mut flattest) = (None, f64::INFINITY, f64::NEG_INFINITY);
    for point in points {
        let Some(anchor) = kept.last().copied() else {
            kept.push(point);
            continue;
        };
        let mut from = anchor;
        let slope = |from: (f64, f64), off: f64| (point.1 + off - from.1) / (point.0 - from.0).max(f64::MIN_POSITIVE);
        if let Some(before) = last.filter(|_| !(flattest..=steepest).contains(&slope(anchor, 0.0))) {
            kept.push(before);
            (from, steepest, flattest) = (before, f64::INFINITY, f64::NEG_INFINITY);
        }
        steepest = steepest.min(slope(from, slack));
        flattest = flattest.max(slope(from, -slack));
        last = Some(point);
    }
    kept.extend(last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_lies_on_the_line_and_a_peak_stays() {
        let value = |at: i32| f64::from(at * 7 % 13) * 0.1 + if at == 40 { 80.0 } else { f64::from(at) * 0.01 };
        let points: Vec<(f64, f64)> = (0..100).map(|at| (f64::from(at) * 60.0, value(at))).collect();
        let kept = straightened(points.iter().copied(), 1.0);
        assert!(
            kept.len() < 20
                && kept.contains(&points[40])
                && kept.first() == points.first()
                && kept.last() == points.last()
        );
        for (time, value) in &points {
            let after = kept.partition_point(|point| point.0 < *time);
            let (b, a) = (kept[after], kept[after.saturating_sub(1)]);
            let there = if b.0 > a.0 { a.1 + (b.1 - a.1) * (time - a.0) / (b.0 - a.0) } else { b.1 };
            assert!((there - value).abs() <= 1.0 + 1e-9, "{time}: {there} is not {value}");
        }
        assert_eq!(straightened([(0.0, 5.0)].into_iter(), 1.0), [(0.0, 5.0)]);
    }
}
