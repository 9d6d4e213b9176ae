//! Extension headers of tar: long names of GNU tar, records of pax. They describe the member that follows.

use std::io::{self, Read};

/// Largest extension header that is read, in bytes.
const EXTENSION_MAX: u64 = 1024 * 1024;

/// Attributes of the next member, from extension headers.
#[derive(Debug, Default)]
pub struct Extension {
    /// Its path.
    pub path: Option<Vec<u8>>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// It is stored as a list of parts.
    pub is_sparse: bool,
}

impl Extension {
    /// Reads a member if it is an extension header; returns whether it is one.
    ///
    /// # Errors
    /// I/O errors, or a header that is too large or damaged.
    pub fn read<R: Read>(&mut self, entry: &mut tar::Entry<R>) -> io::Result<bool> {
        let kind = entry.header().entry_type();
        let is_name = kind.is_gnu_longname();
        let is_pax = kind.is_pax_local_extensions();
        if !(is_name || is_pax || kind.is_gnu_longlink() || kind.is_pax_global_extensions()) {
            return Ok(false);
        }
        if entry.size() > EXTENSION_MAX {
            return Err(io::Error::other("an extension header is too large"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if is_name {
            let end = content.iter().position(|byte| *byte == 0).unwrap_or(content.len());
            content.truncate(end);
            self.path = Some(content);
        } else if is_pax && self.records(&content).is_none() {
            return Err(io::Error::other("an extension header is damaged"));
        }
        Ok(true)
    }

    /// Reads pax records, each `LENGTH KEY=VALUE` and a newline; the length counts all of it. `None`: damaged.
    fn records(&mut self, mut rest: &[u8]) -> Option<()> {
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(rest.get(..space)?).ok()?.parse().ok()?;
            let record = rest.get(space + 1..length)?.strip_suffix(b"\n")?;
            rest = rest.get(length..)?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (record.get(..equals)?, record.get(equals + 1..)?);
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"size" => self.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                key if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_pax() {
        let read = |text: &[u8]| {
            let mut extension = Extension::default();
            extension.records(text).map(|()| extension)
        };
        let long = read(b"16 path=a\nb=c\xff\n13 size=1234\n20 mtime=1.123456789\n");
        assert!(long.is_none(), "a wrong length");
        let good = read(b"15 path=a\nb=c\xff\n13 size=1234\n").unwrap();
        assert_eq!((good.path.unwrap(), good.size), (b"a\nb=c\xff".to_vec(), Some(1234)));
        assert!(read(b"22 GNU.sparse.major=1\n").unwrap().is_sparse);
        for broken in
            ["x", "5 a=b", "99 a=b\n", "0 a=b\n", "2 a=b\n", "6 abc\n", "-1 a=b\n", "18446744073709551615 a=b\n"]
        {
            assert!(read(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}
