//! 两种协议共有的文本格式。 / What both protocols' text has in common: lines of a name and a value, up to an empty line.

use std::collections::HashMap;

/// Names and values; an absent one is as good as an empty one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Headers(pub HashMap<String, String>);

impl Headers {
    /// Reads lines; what is no name and value is left out, and of two of one name the first counts.
    pub fn read(text: &[u8]) -> Self {
        let mut headers = HashMap::new();
        for line in String::from_utf8_lossy(text).lines() {
            if let Some((name, value)) = line.split_once(':') {
                headers.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
            }
        }
        Self(headers)
    }

    /// The value of this name, empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value of this name, where there is one.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }
}

/// The lines at the beginning of what has come, and where they end; none while their empty line has not come.
pub fn head(received: &[u8]) -> Option<(Headers, usize)> {
    let mut start = 0;
    for line in received.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return Some((Headers::read(received.get(..start)?), end));
        }
        start = end;
    }
    None
}
