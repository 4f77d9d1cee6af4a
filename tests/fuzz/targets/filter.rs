#![no_main]
use laidian::domain::filter::{ListFilter, parse_segments};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(filter) = parse_segments(text) {
        let written = filter.to_string();
        assert_eq!(parse_segments(&written).expect("what was written can be read"), filter);
    }
    let _ = serde_json::from_str::<ListFilter<'_>>(text);
});
