#![no_main]
use laidian::domain::masking::{Hidden, Known, mask, mask_json, mask_text};
use laidian::domain::phone::CHINA;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let length = text.chars().count();
    let masked = mask_text(text);
    assert_eq!(masked.chars().count(), length);
    assert_eq!(mask(text).chars().count(), length);
    let known = Known::of(text.lines(), &CHINA);
    assert_eq!(known.mask(text).chars().count(), length);

    // The first line is stored, and the others are written in its place.
    let mut hidden = Hidden::of(known);
    text.lines().for_each(|line| hidden.learn_phone(line));
    let (own, given) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(Some(meant)) = hidden.restore(Some(own), given) {
        assert_eq!(hidden.mask(&meant), hidden.mask(given.trim()));
    }

    let json = serde_json::json!({ "text": [text], "by name": { (text): 1 } }).to_string();
    let value: serde_json::Value = serde_json::from_str(&mask_json(&json)).expect("masked JSON is JSON");
    assert_eq!(value["text"][0], *masked);
    assert_eq!(value["by name"][&*masked], 1);
    // What was no JSON before need not be any, but must not panic.
    let _ = mask_json(text);
});
