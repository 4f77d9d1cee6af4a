//! The frames of the `action:` protocol: from the text that came to something a handler can read.
//!
//! How a frame passes through:
//!
//! 1. [`frame::read`] judges the nesting, reads the envelope ([`frame::Head`]) out of the text
//!    without copying it, and takes the frame out of its `topic` wrapper when it has one.
//! 2. Text that is not JSON gets one try in the relaxed reader ([`relaxed::to_strict`]), which
//!    rewrites it into JSON; everything behind it sees strict JSON only.
//!    What has U+0000 in a text is refused ([`nul`]), for HTTP, too.
//! 3. The action's own request is read from [`frame::Frame::body`] by [`folded::from_str`], which
//!    takes field names without regard to case and to `_`, and whole numbers, lists and objects as
//!    programs of all languages write them.
//! 4. The answer, also the one to a frame that could not be read, carries the
//!    [`callback_id::CallbackId`].

use std::borrow::Cow;

use serde::Deserialize;

pub mod body;
pub mod callback_id;
pub mod close;
pub mod envelope;
pub mod folded;
pub mod frame;
pub mod lenient;
pub mod nul;
pub mod relaxed;

/// Returns a text without one U+0000 behind it: programs in C send the end of a string along.
fn without_end(text: &str) -> &str {
    text.trim_end().strip_suffix('\0').unwrap_or(text)
}

/// Returns the text that `raw`, the JSON text of a string, holds; `None` for any other value and
/// for half a surrogate pair. Borrows when nothing is escaped.
fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    serde_json::from_str(raw).ok().map(|Text(text)| text)
}
