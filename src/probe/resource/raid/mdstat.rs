//! `/proc/mdstat`: the arrays of the md driver (md(4)).

/// An array.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Md {
    /// Name of the device: `md0`.
    pub name: String,
    /// `active`, `inactive` or `broken`.
    pub status: String,
    /// `raid1`, `raid5`; empty for an inactive array.
    pub level: String,
    /// Members in the order of the file.
    pub members: Vec<Member>,
    /// Members that the array has when it is complete, and those in use; `None`: the level has no redundancy.
    pub slots: Option<(u64, u64)>,
    /// Metadata that another program manages: `imsm`, `ddf`, or the container of a volume.
    pub external: String,
    /// What the array does with its members now.
    pub sync: Option<Sync>,
}

/// A member of an array.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Member {
    /// Name of the device: `sda1`.
    pub name: String,
    /// Its flags: `F` failed, `S` spare, `J` journal, `W` write-mostly, `R` replacement.
    pub flags: String,
}

impl Member {
    /// Returns whether it has this flag.
    pub fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

/// A check, a rebuild, or another pass over all members.
#[derive(Debug, Clone, PartialEq)]
pub struct Sync {
    /// `recovery`, `resync`, `check` or `reshape`.
    pub action: &'static str,
    /// How far it is, in percent; `None`: it has not begun.
    pub percent: Option<f64>,
}

/// Words of the kernel for a pass, and the action.
const ACTIONS: [(&str, &str); 5] = [
    ("recovery", "recovery"),
    ("recover", "recovery"),
    ("resync", "resync"),
    ("check", "check"),
    ("reshape", "reshape"),
];

/// The arrays. A line that is not understood is left out.
pub fn parse(text: &str) -> Vec<Md> {
    let mut arrays: Vec<Md> = Vec::new();
    let mut is_array = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(array) = arrays.last_mut().filter(|_| is_array) {
                details(array, line);
            }
            continue;
        }
        let array = heading(line);
        is_array = array.is_some() || (is_array && line.is_empty());
        arrays.extend(array);
    }
    arrays
}

/// `md0 : active (auto-read-only) raid1 sdb1[1](F) sda1[0]`.
fn heading(line: &str) -> Option<Md> {
    let (name, rest) = line.split_once(" : ")?;
    let mut words = rest.split_ascii_whitespace();
    let status = words.next().filter(|word| matches!(*word, "active" | "inactive" | "broken"))?;
    let mut array = Md { name: name.trim().to_string(), status: status.to_string(), ..Md::default() };
    for word in words.filter(|word| !word.starts_with('(')) {
        match member(word) {
            Some(member) => array.members.push(member),
            None if array.level.is_empty() && array.members.is_empty() => array.level = word.to_string(),
            None => {}
        }
    }
    Some(array)
}

/// `sdb1[1](W)(F)`.
fn member(word: &str) -> Option<Member> {
    let (name, rest) = word.rsplit_once('[')?;
    let (number, flags) = rest.split_once(']')?;
    number.parse::<u32>().ok()?;
    Some(Member { name: name.to_string(), flags: flags.chars().filter(|c| !matches!(c, '(' | ')')).collect() })
}

/// A line below the heading: size and slots, progress, bitmap.
fn details(array: &mut Md, line: &str) {
    for word in line.split_ascii_whitespace() {
        if let Some(kind) = word.strip_prefix("external:") {
            array.external = kind.to_string();
        }
        let slots =
            word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).and_then(|word| word.split_once('/'));
        if let Some((all, used)) = slots.filter(|_| array.slots.is_none()) {
            array.slots = all.parse().ok().zip(used.parse().ok());
        }
        array.slots = array.slots.or_else(|| slots_of_map(word));
    }
    if array.sync.is_none() {
        array.sync = ACTIONS.iter().find_map(|(word, action)| Some(sync(action, value_of(line, word)?)));
    }
}

/// Members and those in use by the map of a line: `[UU_]`.
fn slots_of_map(word: &str) -> Option<(u64, u64)> {
    let map = word.strip_prefix('[')?.strip_suffix(']').filter(|map| !map.is_empty())?;
    let is_map = map.bytes().all(|byte| matches!(byte, b'U' | b'_'));
    is_map.then(|| (map.len() as u64, map.bytes().filter(|byte| *byte == b'U').count() as u64))
}

/// What follows `word =` or `word=`.
fn value_of<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (before, rest) = line.split_once(word)?;
    let is_word = before.is_empty() || before.ends_with([' ', '\t']);
    rest.trim_start().strip_prefix('=').filter(|_| is_word).map(str::trim_start)
}

/// ` 12.6% (…) finish=…`, `DELAYED`, `PENDING` or `REMOTE`.
fn sync(action: &'static str, value: &str) -> Sync {
    let percent = value.split('%').next().and_then(|number| number.parse().ok());
    Sync { action, percent: percent.filter(|percent: &f64| (0.0..=100.0).contains(percent)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The forms of md.c: raid1 with a failed member, a rebuild, a raid5 in a check, a raid0, an inactive one, a container.
    const TEXT: &str = "Personalities : [raid1] [raid6] [raid5] [raid4] [raid0]
md1 : active raid1 sdb1[1](F) sda1[0]
      1048512 blocks super 1.2 [2/1] [U_]
      bitmap: 0/1 pages [0KB], 65536KB chunk

md2 : active (auto-read-only) raid5 nvme0n1p2[3] sdd1[4](S) dm-3[1](W) sdc1[0]
      2096128 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [UU_]
      [==>..................]  recovery = 12.6% (132352/1048064) finish=0.6min speed=22058K/sec
      
md3 : active raid10 sde[0] sdf[1]
      976630464 blocks super 1.2 2 near-copies [2/2] [UU]
      [>....................]  check =  3.1% (30274624/976630464) finish=99.5min speed=158426K/sec
      bitmap: 2/8 pages [8KB], 65536KB chunk

md4 : active raid0 sdg[1] sdh[0]
      8380416 blocks super 1.2 512k chunks

md5 : inactive sdi[0](S) sdj[1](S)
      2094080 blocks super 1.2
       
md127 : inactive sdk[1](S) sdl[0](S)
      5928 blocks super external:imsm

md6 : active raid1 sdm[0] sdn[1]
      1048512 blocks [2/2] [UU]
      \tresync=DELAYED
unused devices: <none>
";

    #[test]
    fn the_map_tells_the_slots_where_their_numbers_cannot_be_read() {
        let arrays = parse("md2 : active raid1 sda1[0]\n      1 blocks [99999999999999999999/1] [U_]\n");
        assert_eq!(arrays[0].slots, Some((2, 1)));
        let arrays = parse("md2 : active raid1 sda1[0]\n      1 blocks super 1.2 [UX] [] [_]\n");
        assert_eq!(arrays[0].slots, Some((1, 0)));
    }

    #[test]
    fn every_form_of_array() {
        let arrays = parse(TEXT);
        let all: Vec<_> =
            arrays.iter().map(|array| (&*array.name, &*array.status, &*array.level, array.slots)).collect();
        let expected = [
            ("md1", "active", "raid1", Some((2, 1))),
            ("md2", "active", "raid5", Some((3, 2))),
            ("md3", "active", "raid10", Some((2, 2))),
            ("md4", "active", "raid0", None),
            ("md5", "inactive", "", None),
            ("md127", "inactive", "", None),
            ("md6", "active", "raid1", Some((2, 2))),
        ];
        assert_eq!(all, expected);
        let sync: Vec<_> = arrays.iter().map(|array| array.sync.clone()).collect();
        let some = |action, percent| Some(Sync { action, percent });
        let expected =
            [None, some("recovery", Some(12.6)), some("check", Some(3.1)), None, None, None, some("resync", None)];
        assert_eq!(sync, expected);
        let names: Vec<_> =
            arrays[1].members.iter().map(|member| format!("{} {}", member.name, member.flags)).collect();
        assert_eq!(names, ["nvme0n1p2 ", "sdd1 S", "dm-3 W", "sdc1 "]);
        assert!(arrays[0].members[0].has('F') && !arrays[0].members[1].has('F'));
        assert_eq!(arrays[5].external, "imsm");
    }

    proptest! {
        #[test]
        fn whatever_stands_between_two_arrays_costs_neither(noise in "[^\n]{0,60}(\n[^\n]{0,60}){0,4}") {
            let first = "md1 : active raid1 sdb1[1](F) sda1[0]\n      1048512 blocks [2/1] [U_]\n";
            let last = "md9 : active raid1 sdy1[1] sdx1[0]\n      1048512 blocks [2/2] [UU]\n";
            let arrays = parse(&format!("{first}\n{noise}\n{last}"));
            let found = |name: &str| arrays.iter().find(|array| array.name == name).and_then(|array| array.slots);
            prop_assert_eq!((found("md1"), found("md9")), (Some((2, 1)), Some((2, 2))));
        }

        #[test]
        fn any_cut_is_harmless(at in 0..TEXT.len()) {
            let text = TEXT.get(..at).unwrap_or(TEXT);
            prop_assert!(parse(text).len() <= 7);
        }
    }
}
