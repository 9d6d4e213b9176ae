//! Rewrites a day of a stream without its defects.

use super::quarantine::DAMAGED;
use super::scan::scan;
use super::{Repair, tomorrow};
use crate::base::file::{FILE_MODE, make_directory, open_regular, replace, sync_parent};
use crate::base::sort::SmallSort;
use crate::base::text::plural;
use crate::model::record::time_of;
use crate::store::day::{PLAIN, SEALED};
use crate::store::line::{Span, spans};
use crate::store::seal::Hours;
use crate::store::stream::append;
use crate::store::verify::sequence::{Flaw, Head, Sequence};
use crate::store::{Store, at};
use anyhow::Result;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Changes made to a day.
#[derive(Debug, Default)]
pub struct Done {
    /// Damaged lines moved to the quarantine.
    pub lines: usize,
    /// Parts of a gzip file moved to the quarantine.
    pub parts: usize,
    /// Records moved to the file of their own day, by day.
    pub moved: BTreeMap<String, usize>,
    /// Duplicates moved to the quarantine.
    pub repeated: usize,
    /// Records later than tomorrow, moved to the quarantine.
    pub strange: usize,
    /// Records were sorted.
    pub reordered: bool,
    /// Remaining records.
    pub records: usize,
}

impl Done {
    /// The changes as a sentence.
    pub fn sentence(&self) -> String {
        let counted = |count: usize, what: &str| (count > 0).then(|| plural(count, what));
        let aside = [
            counted(self.lines, "damaged line"),
            counted(self.parts, "damaged part"),
            counted(self.repeated, "repetition"),
            counted(self.strange, "record of a later time"),
        ];
        let aside: Vec<String> = aside.into_iter().flatten().collect();
        let mut parts = Vec::new();
        if !aside.is_empty() {
            parts.push(format!("{} set aside below {DAMAGED}/", aside.join(" and ")));
        }
        parts.extend(self.moved.iter().map(|(day, count)| format!("{} moved to {day}", plural(*count, "record"))));
        if self.reordered {
            parts.push("order put right".to_string());
        }
        parts.push(format!("{} there", plural(self.records, "intact record")));
        parts.join(", ")
    }
}

impl Store {
    /// Rewrites a day: damaged and duplicate records go to the quarantine, those of another day to its file.
    /// The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system; the day stays unchanged until the final replacement.
    pub(super) fn repair_day(&self, stream: &str, day: &str, repair: &Repair) -> Result<Done> {
        let directory = self.directory().join(stream);
        at("make", &directory, make_directory(&directory))?;
        let plain = directory.join(format!("{day}{PLAIN}"));
        let sealed = directory.join(format!("{day}{SEALED}"));
        let is_sealed = sealed.exists();
        let mut done = Done::default();
        let mut aside = Quarantine { store: self, path: &plain, file: None };
        let mut lines = Vec::new();
        if is_sealed {
            let file = at("read", &sealed, open_regular(&sealed))?;
            let mut raw = Quarantine { store: self, path: &sealed, file: None };
            let mut is_cut = false;
            let result = scan(
                &file,
                &mut |span| {
                    is_cut |= span.length > span.bytes.len() as u64;
                    keep(span, &mut lines, &mut done.lines, &mut |span| aside.line(span.bytes))
                },
                &mut |at, length| {
                    done.parts += 1;
                    raw.range(&file, at, length)
                },
            );
            at("read", &sealed, result.and_then(|()| raw.sync()))?;
            if is_cut {
                // Only the file has the whole of a line that exceeds the line limit.
                self.quarantine_copy(&sealed)?;
            }
        }
        if plain.exists() {
            let file = at("read", &plain, open_regular(&plain))?;
            let mut failure = None;
            let read = spans(&file, &mut |span| {
                let put =
                    &mut |span: &Span| aside.range(&file, span.offset, span.length).and_then(|()| aside.line(b""));
                failure = failure.take().or(keep(span, &mut lines, &mut done.lines, put).err());
            });
            at("read", &plain, failure.map_or(read, Err))?;
        }
        let lines = self.sort_out(stream, day, lines, repair, &mut done, &mut aside)?;
        at("set aside", &plain, aside.sync())?;
        done.records = lines.len();
        if is_sealed {
            write_sealed(&sealed, &lines)?;
            remove(&plain)?;
        } else {
            write_plain(&plain, &lines)?;
        }
        Ok(done)
    }

    /// Returns the lines that belong to the day, in order.
    fn sort_out(
        &self,
        stream: &str,
        day: &str,
        lines: Vec<String>,
        repair: &Repair,
        done: &mut Done,
        aside: &mut Quarantine,
    ) -> Result<Vec<String>> {
        let (mut kept, mut known) = (Vec::new(), HashSet::new());
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        let last = tomorrow(repair.now);
        for line in lines {
            let Some(head) = Head::of(&line) else { continue };
            let own = head.time.get(..10).unwrap_or_default();
            let is_other_day = own != day;
            if is_other_day && own > last.as_str() {
                done.strange += 1;
                at("set aside", aside.path, aside.line(line.as_bytes()))?;
            } else if is_other_day {
                *done.moved.entry(own.to_string()).or_default() += 1;
                moved.entry(own.to_string()).or_default().push_str(&format!("{line}\n"));
            } else if known.insert(line.clone()) {
                kept.push(line);
            } else {
                done.repeated += 1;
                at("set aside", aside.path, aside.line(line.as_bytes()))?;
            }
        }
        for (own, lines) in moved {
            let path = self.directory().join(stream).join(format!("{own}{PLAIN}"));
            at("write to", &path, append(&path, &lines))?;
        }
        let mut sequence = Sequence::new(day);
        let flaws: Vec<Flaw> = kept.iter().filter_map(|line| sequence.add(line, &Head::of(line)?)).collect();
        if flaws.contains(&Flaw::WrongOrder) {
            done.reordered = true;
            if flaws.iter().any(|flaw| matches!(flaw, Flaw::Mixed(_))) {
                kept.arrange_by(|a, b| time_of(a).cmp(&time_of(b)));
            } else {
                order(&mut kept);
            }
        }
        Ok(kept)
    }
}

/// Keeps an intact record; passes anything else to `put`.
fn keep(
    span: &Span,
    lines: &mut Vec<String>,
    damaged: &mut usize,
    put: &mut dyn FnMut(&Span) -> io::Result<()>,
) -> io::Result<()> {
    match span.record().filter(|line| Head::of(line).is_some()) {
        Some(line) => {
            lines.push(line.to_string());
            Ok(())
        }
        None => {
            *damaged += 1;
            put(span)
        }
    }
}

/// Sorts by boot, in order of first appearance, and within a boot by the monotonic clock.
fn order(lines: &mut Vec<String>) {
    let mut boots: Vec<String> = Vec::new();
    let mut ranked: Vec<(usize, f64, String)> = std::mem::take(lines)
        .into_iter()
        .map(|line| {
            let head = Head::of(&line);
            let boot = head.map_or("", |head| head.boot_id);
            let rank = boots.iter().position(|known| known == boot).unwrap_or_else(|| {
                boots.push(boot.to_string());
                boots.len() - 1
            });
            (rank, head.map_or(0.0, |head| head.boottime_seconds), line)
        })
        .collect();
    ranked.arrange_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    lines.extend(ranked.into_iter().map(|(_, _, line)| line));
}

/// A quarantine file, created when it is first written to.
struct Quarantine<'a> {
    store: &'a Store,
    path: &'a Path,
    file: Option<File>,
}

impl Quarantine<'_> {
    fn open(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            self.file =
                Some(self.store.quarantine_file(self.path).map_err(|error| io::Error::other(format!("{error:#}")))?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.open()?.write_all(&[line, b"\n"].concat())
    }

    /// Copies a byte range of a file.
    fn range(&mut self, from: &File, mut offset: u64, mut length: u64) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        while length > 0 {
            let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(buffer.len());
            let count = from.read_at(buffer.get_mut(..wanted).unwrap_or_default(), offset)?;
            if count == 0 {
                break;
            }
            self.open()?.write_all(buffer.get(..count).unwrap_or_default())?;
            offset += count as u64;
            length -= count as u64;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

fn write_sealed(path: &Path, lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return remove(path);
    }
    let (mut hours, mut packed) = (Hours::default(), Vec::new());
    for line in lines {
        at("pack", path, hours.add(line.as_bytes(), &mut packed))?;
    }
    at("pack", path, hours.end(&mut packed))?;
    at("write", path, replace(path, &packed, FILE_MODE))
}

fn write_plain(path: &Path, lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return remove(path);
    }
    let content: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    at("write", path, replace(path, content.as_bytes(), FILE_MODE))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path).and_then(|()| sync_parent(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => at("remove", path, result),
    }
}
