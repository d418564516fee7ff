#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| engine_api::fuzzing::demux_every_split(data));
