#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| motcua_fuzz::import_digit(bytes));
