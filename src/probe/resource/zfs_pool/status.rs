//! The output of `zpool status`.

/// A pool.
#[derive(Debug, Default, PartialEq)]
pub struct Status {
    /// Name of the pool.
    pub pool: String,
    /// `ONLINE`, `DEGRADED`, `FAULTED`, `UNAVAIL`, `SUSPENDED`.
    pub state: String,
    /// What goes on now: `scrub in progress (12.5 %)`; empty: nothing.
    pub scan: String,
    /// A device is being rebuilt.
    pub is_resilvering: bool,
    /// Devices that are not online, or had errors.
    pub problems: Vec<String>,
    /// Errors of all devices: reading, writing, checksums.
    pub device_errors: u64,
    /// Errors that could not be corrected.
    pub data_errors: u64,
}

/// A row of the table of devices.
struct Row {
    indent: usize,
    name: String,
    state: String,
    /// Errors while reading, while writing, and of checksums.
    errors: [u64; 3],
}

/// The pools. A line that is not understood is left out.
pub fn parse(text: &str) -> Vec<Status> {
    let mut pools: Vec<Status> = Vec::new();
    let (mut rows, mut section) = (Vec::new(), String::new());
    for line in text.lines() {
        let field = line.trim_start().split_once(':').filter(|(name, _)| is_field(name) && !line.starts_with('\t'));
        if let Some((name, value)) = field {
            if name == "pool" {
                finish(pools.last_mut(), &mut rows);
                pools.push(Status { pool: value.trim().to_string(), ..Status::default() });
            }
            section = name.to_string();
            if let Some(pool) = pools.last_mut() {
                begin(pool, name, value.trim());
            }
        } else if let Some(pool) = pools.last_mut() {
            match section.as_str() {
                "config" => rows.extend(row(line)),
                "scan" => percent_done(pool, line),
                _ => {}
            }
        }
    }
    finish(pools.last_mut(), &mut rows);
    pools
}

fn is_field(name: &str) -> bool {
    ["pool", "state", "status", "action", "see", "scan", "scrub", "remove", "config", "errors", "expand", "checkpoint"]
        .contains(&name)
}

fn begin(pool: &mut Status, name: &str, value: &str) {
    match name {
        "state" => pool.state = value.to_string(),
        "scan" => {
            pool.is_resilvering = value.starts_with("resilver in progress");
            let words: Vec<&str> = value.split(' ').take(3).collect();
            if words.get(1..) == Some(&["in", "progress"]) {
                pool.scan = words.join(" ");
            }
        }
        "errors" if value.starts_with("No known") => {}
        // "12 data errors, use '-v' for a list", or a list of files.
        "errors" => pool.data_errors = value.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(1),
        _ => {}
    }
}

/// `0B resilvered, 12.50% done, 00:10:00 to go`.
fn percent_done(pool: &mut Status, line: &str) {
    let percent = line.split("% done").next().filter(|before| before.len() < line.len());
    let percent = percent.and_then(|before| before.rsplit([' ', ',']).next()?.parse::<f64>().ok());
    if let Some(percent) = percent.filter(|percent| !pool.scan.is_empty() && (0.0..=100.0).contains(percent)) {
        pool.scan += &format!(" ({percent} %)");
    }
}

/// A device: `\t    sdb     FAULTED      3     1     0  too many errors`. Spares have a state and no counts.
fn row(line: &str) -> Option<Row> {
    let rest = line.trim_start();
    let mut words = rest.split_ascii_whitespace();
    let (name, state) = (words.next()?, words.next()?);
    if name == "NAME" || !state.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut count = || words.next().and_then(count).unwrap_or(0);
    let errors = [count(), count(), count()];
    Some(Row { indent: line.len() - rest.len(), name: name.to_string(), state: state.to_string(), errors })
}

/// `12`, or shortened as `1.23K`.
fn count(word: &str) -> Option<u64> {
    let (number, factor) = match word.chars().last()? {
        'K' => (word.trim_end_matches('K'), 1e3),
        'M' => (word.trim_end_matches('M'), 1e6),
        'G' => (word.trim_end_matches('G'), 1e9),
        _ => (word, 1.0),
    };
    number.parse::<f64>().ok().filter(|number| (0.0..1e12).contains(number)).map(|number| (number * factor) as u64)
}

/// Only devices are judged: the rows above them repeat what is below.
fn finish(pool: Option<&mut Status>, rows: &mut Vec<Row>) {
    let rows = std::mem::take(rows);
    let Some(pool) = pool else { return };
    for (at, row) in rows.iter().enumerate() {
        let has_children = rows.get(at + 1).is_some_and(|next| next.indent > row.indent);
        if has_children {
            continue;
        }
        pool.device_errors = row.errors.iter().fold(pool.device_errors, |sum, count| sum.saturating_add(*count));
        let kinds = ["read", "write", "checksum"].iter().zip(row.errors).filter(|(_, count)| *count > 0);
        let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{count} {kind} errors")).collect();
        let is_well = matches!(row.state.as_str(), "ONLINE" | "AVAIL" | "INUSE");
        if !is_well || !kinds.is_empty() {
            let state = (!is_well).then(|| row.state.to_lowercase());
            let found: Vec<String> = state.into_iter().chain(kinds).collect();
            pool.problems.push(format!("{}: {}", row.name, found.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "  pool: rpool
 state: ONLINE
  scan: scrub repaired 0B in 00:01:23 with 0 errors on Sun Nov  8 00:25:24 2026
config:

\tNAME        STATE     READ WRITE CKSUM
\trpool       ONLINE       0     0     0
\t  sda3      ONLINE       0     0     0

errors: No known data errors

  pool: tank
 state: DEGRADED
status: One or more devices are faulted in response to persistent errors.
action: Replace the faulted device, or use 'zpool clear' to mark the device
\trepaired.
  scan: resilver in progress since Fri Nov 20 21:00:00 2026
\t1.20T scanned at 1.00G/s, 300G issued at 250M/s, 2.40T total
\t300G resilvered, 12.50% done, 02:21:00 to go
config:

\tNAME          STATE     READ WRITE CKSUM
\ttank          DEGRADED     0     0     0
\t  mirror-0    DEGRADED     0     0     0
\t    sdb       FAULTED      3 1.23K     0  too many errors
\t    sdc       ONLINE       0     0     7
\tlogs
\t  nvme0n1p4   ONLINE       0     0     0
\tspares
\t  sdd         AVAIL

errors: 12 data errors, use '-v' for a list
";

    #[test]
    fn states_errors_and_devices() {
        let pools = parse(TEXT);
        assert_eq!(pools[0], Status { pool: "rpool".into(), state: "ONLINE".into(), ..Status::default() });
        let tank = &pools[1];
        assert_eq!((&*tank.state, &*tank.scan), ("DEGRADED", "resilver in progress (12.5 %)"));
        assert_eq!((tank.is_resilvering, tank.device_errors, tank.data_errors), (true, 1240, 12));
        assert_eq!(tank.problems, ["sdb: faulted, 3 read errors, 1230 write errors", "sdc: 7 checksum errors"]);
        assert_eq!(pools.len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_before_and_any_cut_are_harmless(noise in "\\PC{0,60}", at in 0..TEXT.len()) {
            let text = format!("{noise}\n{TEXT}");
            prop_assert!(parse(&text).iter().any(|pool| pool.pool == "tank" && pool.device_errors == 1240));
            prop_assert!(parse(TEXT.get(..at).unwrap_or(TEXT)).len() <= 2);
        }
    }
}
