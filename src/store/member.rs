//! Gzip files made of members that can be read individually.
//!
//! A gzip file may consist of several members (RFC 1952, 2.2); every gzip reader concatenates them. Here the header of
//! each member holds its length (an extra field `OM` of four bytes, little endian) and its name (the comment), so that
//! a member is found by walking the headers.

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use flate2::{Compression, GzBuilder};
use memchr::memmem;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

/// ID, method and flags (extra field and comment) of a member written by osmon.
const MAGIC: [u8; 4] = [0x1f, 0x8b, 8, 4 | 16];
/// Bytes before the comment: 10 of the header, 2 for the length of the extra field, 8 of the extra field.
const FIXED: usize = 20;
/// Offset of the member's length, which is the last four bytes of the extra field.
const LENGTH_AT: usize = 16;
/// The extra field before the length: its length, its ID, the length of its content.
const FIELD: [u8; 6] = [8, 0, b'O', b'M', 4, 0];
/// Longest comment, in bytes.
const NAME_MAX: u64 = 64 * 1024;

/// Position of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name: the hour or the metric name it holds.
    pub name: String,
    /// First byte in the file.
    pub offset: u64,
    /// Length in the file, in bytes.
    pub length: u64,
}

/// Packs one member.
///
/// # Errors
/// When the name contains a NUL or the member is longer than 4 GiB.
pub fn pack(name: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let unfit = || io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} cannot be packed"));
    if name.contains('\0') {
        return Err(unfit());
    }
    let mut extra = FIELD.get(2..).unwrap_or(&[]).to_vec();
    extra.extend_from_slice(&[0; 4]);
    let room = Vec::with_capacity(content.len() / 8 + 64);
    let mut encoder = GzBuilder::new().extra(extra).comment(name).write(room, Compression::new(6));
    encoder.write_all(content)?;
    let mut packed = encoder.finish()?;
    let length = u32::try_from(packed.len()).map_err(|_| unfit())?.to_le_bytes();
    packed.get_mut(LENGTH_AT..FIXED).ok_or_else(unfit)?.copy_from_slice(&length);
    Ok(packed)
}

/// The members of a file, in order. Bytes that belong to no member written by osmon are skipped; `damage` is called
/// with their offset and length.
///
/// # Errors
/// Read errors.
pub fn list(file: &File, damage: &mut dyn FnMut(u64, u64)) -> io::Result<Vec<Member>> {
    let end = file.metadata()?.len();
    let (mut input, mut members, mut offset) = (BufReader::with_capacity(4096, file), Vec::new(), 0);
    input.seek(SeekFrom::Start(0))?;
    while offset < end {
        match header(&mut input, offset, end)? {
            Some(member) => {
                offset += member.length;
                members.push(member);
            }
            None => {
                let next = search(file, offset + 1, end)?;
                damage(offset, next - offset);
                offset = next;
            }
        }
        let position = input.stream_position()?;
        input.seek_relative(i64::try_from(offset).unwrap_or(i64::MAX) - i64::try_from(position).unwrap_or(0))?;
    }
    Ok(members)
}

/// The member whose header begins at `offset`; `None` when there is none, or when it does not fit into the file.
fn header(input: &mut impl BufRead, offset: u64, end: u64) -> io::Result<Option<Member>> {
    let mut fixed = Vec::with_capacity(FIXED);
    input.by_ref().take(FIXED as u64).read_to_end(&mut fixed)?;
    let (Some(magic), Some(field), Some(length)) = (fixed.get(..4), fixed.get(10..LENGTH_AT), fixed.get(LENGTH_AT..))
    else {
        return Ok(None);
    };
    let length = u64::from(length.try_into().map_or(0, u32::from_le_bytes));
    if magic != MAGIC || field != FIELD || length <= FIXED as u64 || length > end - offset {
        return Ok(None);
    }
    let mut name = Vec::new();
    input.by_ref().take(NAME_MAX).read_until(0, &mut name)?;
    Ok((name.pop() == Some(0)).then(|| Member { name: String::from_utf8_lossy(&name).into_owned(), offset, length }))
}

/// Offset of the next header, or `end`.
///
/// # Errors
/// Read errors.
pub fn search(file: &File, from: u64, end: u64) -> io::Result<u64> {
    let (mut at, mut window) = (from, vec![0; 64 * 1024]);
    while at < end {
        let count = file.read_at(&mut window, at)?;
        let found = window.get(..count).unwrap_or(&[]);
        let is_header = |begin: &usize| found.get(begin + 10..begin + LENGTH_AT) == Some(&FIELD[..]);
        if let Some(begin) = memmem::find_iter(found, &MAGIC).find(is_header) {
            return Ok(at + begin as u64);
        }
        // The next window overlaps by a header.
        match count.checked_sub(LENGTH_AT) {
            Some(step) if step > 0 => at += step as u64,
            _ => break,
        }
    }
    Ok(end)
}

/// A file packed by another program, as one member without a name; `None` when it is no gzip file.
///
/// # Errors
/// Read errors.
pub fn foreign(mut file: &File) -> io::Result<Option<Member>> {
    let (mut begin, length) = ([0; 3], file.metadata()?.len());
    file.seek(SeekFrom::Start(0))?;
    let is_gzip = file.read(&mut begin)? == 3 && begin == [0x1f, 0x8b, 8];
    Ok(is_gzip.then_some(Member { name: String::new(), offset: 0, length }))
}

/// The content of a member, as a stream. The checksum of the member is not verified, because each line has its own.
///
/// # Errors
/// Seek errors; damage surfaces as a read error.
pub fn open<'a>(mut file: &'a File, member: &Member) -> io::Result<Box<dyn Read + 'a>> {
    let is_own = !member.name.is_empty();
    let header = if is_own { FIXED as u64 + member.name.len() as u64 + 1 } else { 0 };
    file.seek(SeekFrom::Start(member.offset + header))?;
    let packed = BufReader::with_capacity(16 * 1024, file.take(member.length.saturating_sub(header)));
    Ok(if is_own { Box::new(DeflateDecoder::new(packed)) } else { Box::new(MultiGzDecoder::new(packed)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::file::open_regular;
    use std::fs;

    fn file(content: &[u8]) -> (tempfile::TempDir, File) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        fs::write(&path, content).unwrap();
        (directory, open_regular(&path).unwrap())
    }

    fn names(content: &[u8]) -> (Vec<String>, Vec<(u64, u64)>) {
        let mut damage = Vec::new();
        let (_directory, file) = file(content);
        let members = list(&file, &mut |at, length| damage.push((at, length))).unwrap();
        (members.into_iter().map(|member| member.name).collect(), damage)
    }

    #[test]
    fn members_are_found_by_name_and_every_reader_of_gzip_reads_all() {
        let parts = [("03", vec![b'a'; 100_000]), ("04", b"second\n".to_vec()), ("ö{mount=\"/\"}", Vec::new())];
        let packed: Vec<u8> = parts.iter().flat_map(|(name, content)| pack(name, content).unwrap()).collect();
        let (_directory, file) = file(&packed);
        let members = list(&file, &mut |_, _| panic!("no damage")).unwrap();
        for (member, (name, content)) in members.iter().zip(&parts) {
            let mut found = Vec::new();
            open(&file, member).unwrap().read_to_end(&mut found).unwrap();
            assert_eq!((member.name.as_str(), &found), (*name, content));
        }
        let mut all = Vec::new();
        flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut all).unwrap();
        assert_eq!(all, parts.iter().flat_map(|(_, content)| content.clone()).collect::<Vec<u8>>());
    }

    #[test]
    fn damage_costs_one_member_wherever_it_is() {
        let packed: Vec<Vec<u8>> = ["a", "b", "c"].iter().map(|name| pack(name, name.as_bytes()).unwrap()).collect();
        let all = packed.concat();
        for at in 0..all.len() {
            let mut broken = all.clone();
            broken[at] = !broken[at];
            let (found, _) = names(&broken);
            let kept = found.iter().filter(|name| ["a", "b", "c"].contains(&name.as_str())).count();
            assert!(kept >= 2, "byte {at}: {found:?}");
        }
        for length in 0..all.len() {
            let (found, damage) = names(&all[..length]);
            assert!(
                found.len() <= 2
                    && (damage.len() == 1)
                        == (length != 0
                            && !found
                                .iter()
                                .map(|name| packed[usize::from(name.as_bytes()[0] - b'a')].len())
                                .sum::<usize>()
                                .eq(&length)),
                "{length}"
            );
        }
        assert_eq!(names(&[0; 1000]), (vec![], vec![(0, 1000)]));
    }
}
