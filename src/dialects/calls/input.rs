//! Texts and times of requests.

use std::borrow::Cow;

use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::calls::bounded;
use crate::protocol::lenient::Scalar;

/// Returns a time as it is given.
pub fn time(name: &str, cx: &Cx<'_>, given: &Scalar<'_>) -> Result<i64, Error> {
    let text = given.text().ok_or_else(|| Error::expected(name, "时间", "a time"))?;
    times::parse(&text, &cx.catalogue.company.time_zone).map_err(|why| Error::parameter(format!("{name}: {why}")))
}

/// Returns a text that was given, without blanks around it.
pub fn text<'a>(name: &str, given: Option<Scalar<'a>>, most: usize) -> Result<Option<Cow<'a, str>>, Error> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(None) };
    let text = given.into_text().ok_or_else(|| Error::expected(name, "文本", "a text"))?;
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    bounded(name, text, most).map(Some)
}
