#![no_main]
use laidian::domain::search_terms::{haystack, query, terms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for word in query(text).words {
        assert!(!word.forms.is_empty() && word.forms.iter().all(|form| !form.text.is_empty()));
    }
    let name: String = text.chars().take(255).collect();
    let _ = (terms(&name, ""), haystack(&name, &name));
});
