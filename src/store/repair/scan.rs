//! Reads a sealed file without trusting its headers: every line that can still be inflated.

use crate::store::line::{Span, spans};
use crate::store::member::search;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Bytes before the content of a member that is named by its hour: 20 of the header, `2026-11-20T03` and a NUL.
const HEADER: u64 = 34;
/// Number of bytes inflated at a time, which an error may lose.
const STEP: usize = 256;

/// Returns a few bytes at a time, so that those before an error are received.
struct Steps<R>(R);
impl<R: Read> Read for Steps<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(STEP);
        self.0.read(buffer.get_mut(..count).unwrap_or_default())
    }
}

/// Calls `each` with every line that can be inflated, and `damage` with offset and length of everything else.
///
/// # Errors
/// Read errors, and errors of both callbacks.
pub fn scan(
    file: &File,
    each: &mut dyn FnMut(&Span) -> io::Result<()>,
    damage: &mut dyn FnMut(u64, u64) -> io::Result<()>,
) -> io::Result<()> {
    let (end, mut at) = (file.metadata()?.len(), 0);
    while at < end {
        let mut decoder = GzDecoder::new(rest(file, at, end)?);
        let result = inflate(&mut decoder, each)?;
        let input = decoder.into_inner();
        let left = input.buffer().len() as u64 + input.get_ref().limit();
        if let (Ok(_), true) = (&result, left < end - at) {
            at = end - left;
            continue;
        }
        let next = search(file, at + 1, end)?;
        if result.is_err() && matches!(result, Err(0)) {
            // The damage may be limited to the header.
            let _ = inflate(&mut DeflateDecoder::new(rest(file, at + HEADER, end)?), each)?;
        }
        damage(at, next - at)?;
        at = next;
    }
    Ok(())
}

fn rest(mut file: &File, at: u64, end: u64) -> io::Result<BufReader<io::Take<&File>>> {
    file.seek(SeekFrom::Start(at))?;
    Ok(BufReader::with_capacity(16 * 1024, file.take(end.saturating_sub(at))))
}

/// Calls `each` with the lines of a stream; returns their number, also on an error. The last line of a stream that ends
/// with an error is incomplete and not passed.
fn inflate(input: impl Read, each: &mut dyn FnMut(&Span) -> io::Result<()>) -> io::Result<Result<usize, usize>> {
    let (mut count, mut failure, mut last) = (0, None, None);
    let result = spans(Steps(input), &mut |span| {
        if !span.is_ended {
            last = Some((span.number, span.offset, span.length, span.bytes.to_vec()));
        } else if failure.is_none() {
            count += 1;
            failure = each(span).err();
        }
    });
    if let (Ok(()), Some((number, offset, length, bytes))) = (&result, last) {
        count += 1;
        failure = failure.or(each(&Span { number, offset, length, is_ended: false, bytes: &bytes }).err());
    }
    match (failure, result) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(Ok(count)),
        (None, Err(_)) => Ok(Err(count)),
    }
}
