//! The text of a file in any of the usual encodings.

/// Largest file that is read, in bytes.
pub const FILE_MAX: u64 = 1 << 20;

/// The text of a file with `\n` as the end of each line. What is not UTF-8 is Latin-1.
///
/// # Errors
/// A sentence: it is too large, or no text.
pub fn decode(content: &[u8]) -> Result<String, String> {
    if content.len() as u64 > FILE_MAX {
        return Err("larger than 1 MiB: not a configuration".to_string());
    }
    if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
        return Err("UTF-16 text; convert it with iconv -f UTF-16 -t UTF-8".to_string());
    }
    let bytes = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    if bytes.iter().any(|byte| byte.is_ascii_control() && !b"\t\n\r\x0c".contains(byte)) {
        return Err("binary data, not a configuration".to_string());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_encodings_are_read_and_others_are_named() {
        for (content, expected) in [
            (&b"a\r\nb\rc\n"[..], "a\nb\nc\n"),
            (b"\xef\xbb\xbfa=1", "a=1"),
            ("m\u{e9}moire".as_bytes(), "mémoire"),
            (b"m\xe9moire", "mémoire"),
        ] {
            assert_eq!(decode(content).unwrap(), expected);
        }
        for (content, part) in
            [(&b"\xff\xfea\0"[..], "iconv"), (b"\x1f\x8b\x08\0", "binary"), (&vec![b'a'; 2 << 20], "1 MiB")]
        {
            assert!(decode(content).unwrap_err().contains(part));
        }
    }
}
