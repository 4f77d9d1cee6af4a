//! Origins of web pages, as settings name them.

use serde::{Deserialize, Serialize};

/// What browsers send of pages that have no address of their own: those of files, and those in sandboxed frames.
const OPAQUE: [&str; 2] = ["null", "file://"];

/// The origin of a page, such as `https://crm.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Whether a request's `Origin` is this one.
    #[must_use]
    pub fn is(&self, origin: &str) -> bool {
        self.0.eq_ignore_ascii_case(origin)
    }

    /// Whether it is that of every page without an address, so that it tells nothing about who made the page.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        OPAQUE.contains(&self.0.as_str())
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if OPAQUE.contains(&text.as_str()) {
            return Ok(Self(text));
        }
        // With a path, or with a `*`, it would never be what a browser sends: better said than silently in vain.
        let is_host =
            |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !"/*?#@,\\".contains(c));
        let origin = text.strip_suffix('/').unwrap_or(&text);
        match origin.split_once("://") {
            Some((scheme, rest)) if !scheme.is_empty() && is_host(rest) => Ok(Self(origin.to_owned())),
            _ => Err(format!(
                "{text} 不是来源，应形如 https://crm.example.com，不带路径和通配符 / {text} is no origin such as \
                 https://crm.example.com, without path and wildcard"
            )),
        }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}
