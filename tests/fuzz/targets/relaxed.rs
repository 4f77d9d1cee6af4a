#![no_main]
use laidian::protocol::relaxed::to_strict;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(strict) = to_strict(text, 64) {
        let value: serde_json::Value = serde_json::from_str(&strict).expect("the relaxed reader writes JSON");
        let again = to_strict(&strict, 64).expect("JSON is relaxed JSON");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&again).expect("JSON"), value);
    }
});
