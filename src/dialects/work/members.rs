//! Members that several of these actions have.

use std::borrow::Cow;

use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

/// The text of a member, if it is there.
pub fn text<'m>(field: &str, member: Option<&'m Scalar<'_>>) -> Result<Option<Cow<'m, str>>, Error> {
    let given = member.filter(|member| !member.is_empty());
    given.map(|given| given.text().ok_or_else(|| Error::expected(field, "文本", "a text"))).transpose()
}

/// The whole number of a member, if it is there.
pub fn number(field: &str, member: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let given = member.filter(|member| !member.is_empty());
    given.map(|given| given.integer().ok_or_else(|| Error::expected(field, "整数", "an integer"))).transpose()
}

/// The id of a member that must be there.
pub fn id(field: &str, member: Option<&Scalar<'_>>) -> Result<i64, Error> {
    number(field, member)?.ok_or_else(|| missing(field))
}

/// The refusal of a request without a member that it needs.
pub fn missing(field: &str) -> Error {
    Error::parameter(format!("{field}: 缺少 / is missing"))
}

/// The time of a member, if it is there, as people and programs write times.
pub fn time(cx: &Cx<'_>, field: &str, member: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let read = |given: Cow<'_, str>| {
        times::parse(&given, &cx.catalogue.company.time_zone).map_err(|why| Error::parameter(format!("{field}: {why}")))
    };
    text(field, member)?.map(read).transpose()
}

/// How many a page is to have.
pub fn page_size(member: Option<&Scalar<'_>>, usually: i64, most: i64) -> Result<i64, Error> {
    match member.filter(|member| !member.is_empty()) {
        None => Ok(usually),
        Some(size) => size.integer().ok_or(Error::PageSize { most }),
    }
}
