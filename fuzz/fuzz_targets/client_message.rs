#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dayfly::api::fuzzing::client_message(data));
