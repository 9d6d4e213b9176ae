//! Bodies of the fuzz targets, for any bytes. The suite runs them on the seeds (`tests/suite/fuzz.rs`), so that the
//! targets keep building.

#![allow(dead_code, missing_docs)]

use osmon::model::metric::write_labels;
use osmon::model::walk;
use osmon::store::{block, line, member};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;

/// Number of bytes inflated of a member, which may be a decompression bomb.
const INFLATED_MAX: u64 = 1024 * 1024;

/// Returns a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);
impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

/// The line reader: every byte but newlines is passed on, an intact line can be rebuilt from its content, and the read
/// size makes no difference.
pub fn line(data: &[u8]) {
    let mut expected = data.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    line::lines(data, &mut |number, line| {
        assert_eq!(expected.next(), Some((number - 1, line)));
    })
    .unwrap();
    assert_eq!(expected.next(), None);
    let read = |input: &mut dyn Read| {
        let mut found = Vec::new();
        line::split(input, &mut |number, line| found.push((number, line.map(str::to_string)))).unwrap();
        found
    };
    let found = read(&mut &*data);
    for (_, good) in found.iter().filter_map(|(number, line)| Some((number, line.as_ref()?))) {
        let (body, digits) = good.rsplit_once(",\"crc32\":\"").unwrap();
        assert!(line::seal(&format!("{body}}}")).trim_end().eq_ignore_ascii_case(good), "{digits}");
    }
    let step = data.first().map_or(1, |byte| usize::from(*byte) + 1);
    assert_eq!(found, read(&mut Slow(data, step)));
}

thread_local! {
    static FILE: File = {
        let path = std::env::temp_dir().join(format!("osmon-fuzz-{}", std::process::id()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    };
}

/// The member reader: members and damage cover the file, one after the other; what is inflated ends. A member made of the
/// input is found before it.
pub fn member(data: &[u8]) {
    FILE.with(|file| {
        let found = members(file, data);
        for member in &found {
            // Damage is an error of reading.
            let _ = member::open(file, member).unwrap().take(INFLATED_MAX).read_to_end(&mut Vec::new());
        }
        let _ = member::foreign(file).unwrap();
        if data.first() == Some(&0x1f) {
            // Packing is slow: inputs that begin as a member are tried more often without it.
            return;
        }
        let name = String::from_utf8_lossy(data.get(..20).unwrap_or(data)).replace('\0', "");
        let packed = member::pack(&name, data).unwrap();
        let both = members(file, &[&packed, data].concat());
        let mut content = Vec::new();
        assert_eq!((both[0].name.as_str(), both[0].offset, both[0].length), (name.as_str(), 0, packed.len() as u64));
        member::open(file, &both[0]).unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, data);
    });
}

fn members(file: &File, content: &[u8]) -> Vec<member::Member> {
    file.set_len(0).unwrap();
    file.write_all_at(content, 0).unwrap();
    let mut parts = Vec::new();
    let found = member::list(file, &mut |at, length| parts.push((at, length))).unwrap();
    parts.extend(found.iter().map(|member| (member.offset, member.length)));
    parts.sort_unstable();
    let end = parts.iter().fold(0, |end, (at, length)| {
        assert!(*at == end && *length > 0);
        at + length
    });
    assert_eq!(end, content.len() as u64);
    found
}

/// The block reader: points can be grouped, and a readable block has a readable head.
pub fn block(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let head = block::head(text);
    let Some((metric, points)) = block::read(text) else { return };
    assert_eq!(head.map(|(metric, _)| metric), Some(metric));
    let known = points.len();
    for step in [300_000, 3_600_000, 86_400_000] {
        let groups = block::group(points.iter().copied(), step);
        assert!(groups.len() <= known && groups.iter().all(|group| group.time_ms % step == 0));
    }
}

/// The walk: names and finite values, the same each time, whether or not the text is JSON to its end.
pub fn walk(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = || {
        let mut found = Vec::new();
        let result = walk::walk(text, &mut |name, labels, value| {
            assert!(!name.is_empty() && value.is_finite());
            found.push((format!("{name}{}", write_labels(labels)), value.to_bits()));
        });
        (result.is_ok(), found)
    };
    assert_eq!(read(), read());
}
