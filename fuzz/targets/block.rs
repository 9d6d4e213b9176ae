#![no_main]
#[path = "../../tests/suite/fuzz_bodies.rs"]
mod bodies;
libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::block(data));
