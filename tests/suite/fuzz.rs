//! The bodies of the fuzz targets (`fuzz/`) on their seeds, cut and changed: seconds, where the fuzzer takes hours.

use super::harness::repository;
use std::fs;

#[path = "fuzz_bodies.rs"]
mod bodies;
#[path = "fuzz_kernel.rs"]
mod kernel;

fn on_seeds(target: &str, body: fn(&[u8])) {
    let mut seeds = 0;
    for entry in fs::read_dir(repository("tests/fixtures/fuzz").join(target)).unwrap().flatten() {
        let seed = fs::read(entry.path()).unwrap();
        let step = (seed.len() / 60).max(1);
        body(&seed);
        for at in (0..seed.len()).step_by(step) {
            body(&seed[..at]);
            let mut changed = seed.clone();
            changed[at] ^= 1 << (at % 8);
            body(&changed);
        }
        seeds += 1;
    }
    assert!(seeds > 1, "{target} has seeds");
}

#[test]
fn the_bodies_of_the_fuzz_targets_hold_on_their_seeds() {
    on_seeds("line", bodies::line);
    on_seeds("member", bodies::member);
    on_seeds("block", bodies::block);
    on_seeds("walk", bodies::walk);
}

/// The content of the recording, cut and changed in places spread over it, and a line that is not of the kernel.
#[test]
fn files_of_the_kernel_may_have_any_content() {
    let host = kernel::Recorded::new();
    for file in kernel::FILES {
        let seed = host.content(file);
        let step = (seed.len() / 12).max(1);
        for at in (0..seed.len()).step_by(step) {
            host.fuzz(file, &seed[..at]);
            let mut changed = seed.clone();
            changed[at] ^= 1 << (at % 8);
            host.fuzz(file, &changed);
            let huge = [&seed[..at], b" 18446744073709551615 -1 99999999999999999999 ", &seed[at..]].concat();
            host.fuzz(file, &huge);
        }
        for data in
            [&b""[..], b"\n", b"\xff\xfe", b" 1 2 3 4 5 6 7 8 9", b"cpu0 1 2 3 4", b"Total: 5 kB", &[0; 400], &[7; 768]]
        {
            host.fuzz(file, data);
        }
    }
}
