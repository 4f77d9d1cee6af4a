#![no_main]
use laidian::protocol::frame::{Settings, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for relaxed in [true, false] {
        let mut rewritten = String::new();
        match read(text, &mut rewritten, &Settings { relaxed, max_depth: 64 }) {
            Ok(frame) => {
                assert!(!frame.head.action.is_empty());
                assert!(serde_json::from_str::<std::collections::BTreeMap<String, Box<serde_json::value::RawValue>>>(frame.body).is_ok());
            }
            Err(bad) => {
                if let Some(id) = bad.callback_id.as_json() {
                    assert!(serde_json::from_str::<serde_json::Value>(&id).is_ok());
                }
            }
        }
    }
});
