//! `osmon version`, and the sums of downloaded files.

use super::harness::{binary, tool};
use sha2::{Digest, Sha256};
use std::fs;

#[test]
fn the_version_is_said_plainly_and_as_json() {
    let version = env!("CARGO_PKG_VERSION");
    let done = tool(binary("osmon"), &["version"]).ok();
    assert!(done.out.starts_with(&format!("osmon {version} (")), "{}", done.out);
    let json = tool(binary("osmon"), &["version", "--json"]).ok().json();
    assert_eq!((&json["schema"], &json["version"]), (&1.into(), &version.into()));
    assert_eq!(json["target"].as_str(), done.out.trim().split(['(', ')']).nth(1));
}

#[test]
fn a_file_is_compared_with_the_sums_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_string();
    let (package, sums) = (path("osmon_1_amd64.deb"), path("SHA256SUMS"));
    // Longer than any buffer.
    let content: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    fs::write(&package, &content).unwrap();
    let sum: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let check = |more: &[&str]| tool(binary("osmon"), &[&["version", "--check", &package], more].concat());

    let done = check(&[]);
    assert_eq!(done.code, 74, "no sums: {}", done.err);
    assert!(done.err.contains(&sums) && done.err.contains("--sums"), "{}", done.err);

    fs::write(&sums, format!("{}  osmon-1.tar.gz\n{sum}  osmon_1_amd64.deb\n", "0".repeat(64))).unwrap();
    assert_eq!(check(&[]).ok().out, format!("{package}: the SHA-256 sum is the one in {sums}\n"));
    assert_eq!(check(&["--json"]).ok().json()["sha256"], sum.as_str());
    assert_eq!(
        check(&["--sums", &sum.to_uppercase()]).ok().out,
        format!("{package}: the SHA-256 sum is the one given\n")
    );

    for (content, said) in [
        (format!("{sum}  other.deb\n"), "lists no SHA-256 sum of osmon_1_amd64.deb"),
        (format!("{}  osmon_1_amd64.deb\n", "0".repeat(64)), "is not the published file"),
        (String::new(), "lists no SHA-256 sum"),
    ] {
        fs::write(path("other"), content).unwrap();
        let done = check(&["--sums", &path("other")]);
        assert_eq!(done.code, 65, "{}", done.err);
        assert!(done.err.contains(said) && done.out.is_empty(), "{}", done.err);
    }

    // One flipped bit, wherever it is.
    for at in [0, 65_535, 65_536, content.len() - 1] {
        let mut flipped = content.clone();
        flipped[at] ^= 1;
        fs::write(&package, flipped).unwrap();
        let done = check(&[]);
        assert_eq!(done.code, 65, "byte {at}: {}", done.out);
        assert!(done.err.contains(&sum) && done.err.contains("download it again"), "{}", done.err);
        assert_eq!(check(&["--json"]).json()["exit"], 65);
    }
    assert_eq!(tool(binary("osmon"), &["version", "--sums", &sum]).code, 64, "a sum of nothing");
}
