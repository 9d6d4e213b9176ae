//! Verifies the days of a stream: every line, every member.

use super::finding::{Kind, Place, Target};
use super::sequence::{Flaw, Head, Sequence};
use super::verifier::{Torn, Verifier};
use crate::base::file::open_regular;
use crate::store::day::SEALED;
use crate::store::line::{Span, spans};
use crate::store::member::{self, Member};
use flate2::bufread::{GzDecoder, MultiGzDecoder};
use memchr::memmem;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The metric by which rollups and snapshots are compared: every snapshot has it.
pub const COUNTED: &str = "probe.cpu_ms";
/// Inflated at a time, in bytes.
const BUFFER: usize = 64 * 1024;

/// One day of one stream.
pub struct DayCheck<'v> {
    verifier: &'v mut Verifier,
    target: Target,
    sequence: Sequence,
    /// Times of the snapshots that hold [`COUNTED`].
    counted: HashSet<u64>,
    is_today: bool,
    /// Another file of the same day was read before.
    is_second: bool,
}

/// Origin of lines.
struct Source<'s> {
    path: &'s Path,
    file: &'s str,
    hour: &'s str,
}

impl<'v> DayCheck<'v> {
    /// Nothing read yet.
    pub fn new(verifier: &'v mut Verifier, stream: &str, day: &str) -> Self {
        let target = Target::Day(stream.to_string(), day.to_string());
        let is_today = day == verifier.today;
        let (sequence, counted) = (Sequence::new(day), HashSet::new());
        Self { verifier, target, sequence, counted, is_today, is_second: false }
    }

    /// Reads the files of the day; returns how many snapshots hold [`COUNTED`].
    pub fn check(mut self, sealed: Option<&PathBuf>, plain: Option<&PathBuf>) -> usize {
        let opened = plain.map(|path| (path, open_regular(path)));
        let vanished = opened.as_ref().is_some_and(|(_, file)| is_missing(file));
        // The day may have been sealed this moment.
        let late = plain.filter(|_| vanished && sealed.is_none()).map(|path| path.with_extension("jsonl.gz"));
        if let Some(path) = sealed.or(late.as_ref()) {
            let file = self.verifier.relative(path);
            let result = open_regular(path).and_then(|opened| self.members(path, &file, &opened));
            self.note(&file, result);
            self.is_second = true;
        }
        if let Some((path, opened)) = opened.filter(|(_, file)| !is_missing(file)) {
            let file = self.verifier.relative(path);
            let source = Source { path, file: &file, hour: "" };
            let result = opened.and_then(|opened| self.lines(&source, opened));
            self.note(&file, result);
        }
        self.verifier.records += self.sequence.records;
        self.counted.len()
    }

    fn note(&mut self, file: &str, result: io::Result<()>) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.verifier.findings.file(Kind::Unreadable, file, &error.to_string(), &self.target);
            }
            _ => {}
        }
    }

    fn find(&mut self, kind: Kind, file: &str, place: String, reason: &str) {
        let since = self.sequence.last.as_str();
        self.verifier.findings.add(kind, Place { file, place, since, reason, target: &self.target });
    }

    fn members(&mut self, path: &Path, name: &str, file: &File) -> io::Result<()> {
        if file.metadata()?.len() == 0 {
            self.find(Kind::DamagedMember, name, String::new(), "the file is empty");
        }
        let mut gaps = Vec::new();
        let members = member::list(file, &mut |at, length| gaps.push((at, length)))?;
        if let (true, Some(foreign)) = (members.is_empty(), member::foreign(file)?) {
            return self.foreign(path, name, file, &foreign);
        }
        for (at, length) in gaps {
            self.find(Kind::DamagedMember, name, format!("bytes {at} to {}", at + length), "no member begins there");
        }
        for member in members {
            let source = Source { path, file: name, hour: &member.name };
            if let Err(error) = self.member(&source, file, &member) {
                self.find(Kind::DamagedMember, name, format!("hour {}", member.name), &error.to_string());
            }
        }
        Ok(())
    }

    /// Checks the lines of a member, and that the member ends where its header says.
    fn member(&mut self, source: &Source, mut file: &File, member: &Member) -> io::Result<()> {
        file.seek(SeekFrom::Start(member.offset))?;
        let mut content = GzDecoder::new(BufReader::with_capacity(BUFFER, file.take(member.length)));
        self.lines(source, &mut content)?;
        let rest = content.into_inner();
        let left = rest.buffer().len() as u64 + rest.get_ref().limit();
        if left == 0 { Ok(()) } else { Err(io::Error::other(format!("{left} bytes behind its end"))) }
    }

    /// Reads a file packed by another program as a whole.
    fn foreign(&mut self, path: &Path, name: &str, mut file: &File, member: &Member) -> io::Result<()> {
        file.seek(SeekFrom::Start(member.offset))?;
        let source = Source { path, file: name, hour: "" };
        let content = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file));
        if let Err(error) = self.lines(&source, content) {
            self.find(Kind::DamagedMember, name, String::new(), &error.to_string());
        }
        Ok(())
    }

    fn lines(&mut self, source: &Source, input: impl Read) -> io::Result<()> {
        // A last line without newline may be a write in progress, or the point where inflating failed.
        let mut last = None;
        let result = spans(input, &mut |span| match span.record().and_then(|line| Some((line, Head::of(line)?))) {
            Some((line, head)) => self.record(source, span, line, &head),
            None if span.is_ended => self.find(Kind::DamagedLine, source.file, place(source.hour, span.number), ""),
            None => last = Some((span.number, span.offset)),
        });
        if let (Ok(()), Some((number, offset))) = (&result, last) {
            let place = place(source.hour, number);
            if self.is_today && !source.path.to_string_lossy().ends_with(SEALED) {
                let (path, since) = (source.path.to_path_buf(), self.sequence.last.clone());
                let (file, target) = (source.file.to_string(), self.target.clone());
                let kind = Kind::DamagedLine;
                self.verifier.torn.push(Torn { path, offset, kind, file, place, since, target });
            } else {
                self.find(Kind::DamagedLine, source.file, place, "");
            }
        }
        result
    }

    fn record(&mut self, source: &Source, span: &Span, line: &str, head: &Head) {
        let before = self.sequence.last.clone();
        let flaw = self.sequence.add(line, head);
        if flaw != Some(Flaw::OtherDay) && holds_counted(line) {
            self.counted.insert(super::sequence::key("", head.time));
        }
        let is_elsewhere = !source.hour.is_empty() && !head.time.starts_with(source.hour);
        let (kind, reason) = match flaw {
            Some(Flaw::OtherDay) => (Kind::Misplaced, String::new()),
            // Records appended to a sealed day are in both files until it is sealed again.
            Some(Flaw::Repeated) if self.is_second => return,
            Some(Flaw::Repeated) => (Kind::Repeated, String::new()),
            _ if is_elsewhere => (Kind::Misplaced, String::new()),
            None => return,
            Some(Flaw::WrongOrder) if self.is_second => return,
            Some(Flaw::WrongOrder) => (Kind::WrongOrder, String::new()),
            Some(Flaw::Mixed(names)) => (Kind::MixedHosts, names),
            Some(Flaw::Renamed(names)) => (Kind::Renamed, names),
            Some(Flaw::ClockSetBack) => (Kind::ClockSetBack, String::new()),
        };
        let place = place(source.hour, span.number);
        let found = Place { file: source.file, place, since: &before, reason: &reason, target: &self.target };
        self.verifier.findings.add(kind, found);
    }
}

/// Returns whether a snapshot holds [`COUNTED`] as a number.
fn holds_counted(line: &str) -> bool {
    let Some(at) = memmem::find(line.as_bytes(), b"\"probe\":{") else { return false };
    let section = line.get(at..).unwrap_or("");
    let value = memmem::find(section.as_bytes(), b"\"cpu_ms\":").and_then(|at| section.as_bytes().get(at + 9));
    value.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
}

fn is_missing(file: &io::Result<File>) -> bool {
    matches!(file, Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn place(hour: &str, number: usize) -> String {
    if hour.is_empty() { format!("line {number}") } else { format!("hour {hour} line {number}") }
}
