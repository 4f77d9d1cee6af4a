//! What the store keeps as a JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Returns the text of a value.
pub fn json_of<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|cause| Error::internal(&cause))
}

/// Reads the value of a text.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|cause| Error::internal(&cause))
}
