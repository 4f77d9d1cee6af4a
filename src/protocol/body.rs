//! The body of a call over HTTP, read as a frame is: strictly, and if it is no JSON, by the relaxed reader. The
//! documents' own examples have commas and comments where JSON has none.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::frame::Settings;
use super::relaxed::{self, SyntaxError};
use super::without_end;
use crate::error::Error;

/// Returns the body as strict JSON text. The refusal says line and column.
pub fn strict<'a>(body: &'a [u8], settings: &Settings) -> Result<Cow<'a, str>, Error> {
    let text = without_end(utf8(body).map_err(refusal)?);
    let max_depth = settings.max_depth.min(relaxed::DEEPEST);
    relaxed::check_depth(text, max_depth).map_err(refusal)?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(Cow::Borrowed(text)),
        Err(error) if !settings.relaxed => Err(refusal(SyntaxError::of(text, &error))),
        Err(_) => relaxed::to_strict(text, max_depth).map(Cow::Owned).map_err(refusal),
    }
}

/// Returns what the body is. The refusal says line and column.
pub fn value(body: &[u8], settings: &Settings) -> Result<Value, Error> {
    let text = strict(body, settings)?;
    // Only now does it show what is escaped in it.
    serde_json::from_str(&text).map_err(|error| refusal(SyntaxError::of(&text, &error)))
}

fn utf8(body: &[u8]) -> Result<&str, SyntaxError> {
    std::str::from_utf8(body).map_err(|error| {
        let valid = body.get(..error.valid_up_to()).unwrap_or_default();
        let before = std::str::from_utf8(valid).unwrap_or_default();
        SyntaxError::at(before, before.len(), "expected UTF-8")
    })
}

fn refusal(error: SyntaxError) -> Error {
    Error::FrameForm { detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RELAXED: Settings = Settings { relaxed: true, max_depth: 8 };
    const STRICT: Settings = Settings { relaxed: false, max_depth: 8 };

    #[test]
    fn bodies_are_read_as_frames_are() {
        for text in [
            "{\"a\":1}",
            "{a:1,}",
            "{\"a\" : 1, // eins\n}",
            "\u{feff}{'a':1}",
            "{\"a\":1}\0",
            "{\"a\":1}\r\n\0\n",
            "{a:1}\n",
        ] {
            assert_eq!(value(text.as_bytes(), &RELAXED).unwrap(), json!({"a": 1}), "{text:?}");
        }
        assert_eq!(value(b"{\"a\":1}\0", &STRICT).unwrap(), json!({"a": 1}));
    }

    #[test]
    fn a_refusal_says_where() {
        for (body, settings, place) in [
            (&b"{\n \"a\":}"[..], RELAXED, "line 2, column 6:"),
            (b"{\n \"a\":1,}", STRICT, "line 2, column 8:"),
            (b"", RELAXED, "line 1, column 1:"),
            (b"{\"a\":\n\xff}", RELAXED, "line 2, column 1:"),
            (b"{\"a\":1}\0\0", RELAXED, "line 1, column 8:"),
            (b"[[[[[[[[[1]]]]]]]]]", RELAXED, "line 1, column 9:"),
            (b"{\"a\":\n\"\\ud800\"}", RELAXED, "line 2, column"),
        ] {
            let Err(Error::FrameForm { detail }) = value(body, &settings) else { panic!("{body:?}") };
            assert!(detail.starts_with(place), "{detail}");
        }
    }
}
