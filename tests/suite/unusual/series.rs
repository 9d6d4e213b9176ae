//! Generated series with days, weeks, drifts, levels, spikes and gaps: the same to the last bit as those of
//! `tests/fixtures/unusual/series.py`.

/// Begin of all series, in seconds since 1970: 2014-01-01, a Wednesday.
pub const BEGIN: u64 = 1_388_534_400;

/// A series.
#[derive(Debug, Clone)]
pub struct Form {
    pub shape: String,
    /// Seconds between two values.
    pub step: u64,
    pub days: u64,
    pub seed: u64,
    pub has_gaps: bool,
}

fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number from 0 to 1, always the same for the same arguments.
fn unit(seed: u64, kind: u64, at: u64) -> f64 {
    (mix(mix(seed * 1_000_003 + kind).wrapping_add(at)) >> 11) as f64 / 9_007_199_254_740_992.0
}

fn value(form: &Form, i: u64, second: u64, walk: f64) -> f64 {
    let (seed, day, hour) = (form.seed, second / 86_400, second % 86_400 / 3600);
    let noise = unit(seed, 1, i) - 0.5;
    let of_day = (second % 86_400) as f64 / 86_400.0;
    let wave = 1.0 - (2.0 * of_day - 1.0).abs();
    let base = 20.0 + 30.0 * wave;
    let when = |is: bool, value: f64| if is { value } else { 0.0 };
    let value = match form.shape.as_str() {
        "daily" => base + 4.0 * noise,
        "weekly" => {
            let week = if day % 7 < 5 { base } else { 12.0 };
            week + 3.0 * noise + when(day % 7 == 6 && hour == 4, 25.0)
        }
        "drift" => base + second as f64 / 86_400.0 * 1.5 + 3.0 * noise,
        "levels" => base + 3.0 * noise + 40.0 * ((mix(seed + day / 6) >> 5) % 3) as f64,
        "flat" => return 5.0 + when(unit(seed, 4, second / 10_800) > 0.99, 1.0),
        "integer" => (3.0 * unit(seed, 2, i)).floor() + (2.0 * wave).floor(),
        "walk" => walk,
        "bursts" => (if unit(seed, 3, second / 7200) > 0.9 { 80.0 } else { 3.0 }) + 2.0 * noise,
        "drops" => base + 3.0 * noise - when(unit(seed, 8, day) > 0.9 && (9..12).contains(&hour), 60.0),
        _ => return 1_000_000.0 + base + noise,
    };
    let now_and_then = second / 10_800;
    value + when(unit(seed, 4, now_and_then) > 0.985, 60.0 * (1.0 + unit(seed, 5, now_and_then)))
}

/// Seconds since [`BEGIN`], and values.
pub fn series(form: &Form) -> Vec<(u64, f64)> {
    let (seed, mut walk) = (form.seed, 0.0);
    let mut all = Vec::new();
    for i in 0..form.days * 86_400 / form.step {
        let second = i * form.step;
        walk += unit(seed, 1, i) - 0.5;
        if !(form.has_gaps && (unit(seed, 6, second / 21_600) > 0.93 || unit(seed, 7, i) > 0.97)) {
            all.push((second, value(form, i, second, walk)));
        }
    }
    all
}

/// The recorded detections: series, and the seconds at which an incident begins.
pub fn recorded() -> Vec<(Form, Vec<u64>)> {
    let line = |line: &str| {
        let (form, times) = line.split_once(':').unwrap();
        let words: Vec<&str> = form.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        let (step, days, seed, has_gaps) = (number(1), number(2), number(3), number(4) == 1);
        let form = Form { shape: words[0].to_string(), step, days, seed, has_gaps };
        (form, times.split_whitespace().map(|time| time.parse().unwrap()).collect())
    };
    include_str!("../../fixtures/unusual/detections.txt").lines().map(line).collect()
}
