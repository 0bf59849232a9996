#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| irsa_probe_fuzz::scan(data));
