//! The bodies of the fuzz targets (`fuzz/`) on their seeds, cut and changed: seconds, where the fuzzer takes hours.

use super::harness::repository;
use std::fs;

#[path = "fuzz_bodies.rs"]
mod bodies;

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
