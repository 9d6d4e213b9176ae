#![no_main]
#[path = "../../tests/suite/fuzz_kernel.rs"]
mod bodies;
libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::kernel(data));
