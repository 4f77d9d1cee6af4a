//! The people of the company.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Page, fields, input};
use crate::domain::catalogue::Staff;
use crate::error::Error;
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WiseUserList")]
pub struct List<'a> {
    /// The names of the fields, parted by commas.
    #[serde(borrow)]
    #[schemars(required)]
    fields: Option<Scalar<'a>>,
    /// From 1.
    #[serde(borrow, default)]
    page_no: Option<Scalar<'a>>,
    /// 20 unless it is given, at most 200.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
}

/// Everybody who may sign in, in the order of their numbers.
pub async fn list(cx: &Cx<'_>, request: List<'_>) -> Result<Page, Error> {
    let asked = fields::asked(&input::required("fields", request.fields.as_ref())?, fields::user_path)?;
    let paging = input::paging(request.page_no.as_ref(), request.page_size.as_ref())?;
    let mut staff: Vec<&Staff> = cx.catalogue.staff.values().filter(|staff| !staff.disabled).collect();
    staff.sort_unstable_by_key(|staff| staff.number);
    let before = (paging.number - 1).saturating_mul(paging.size);
    let (before, size) = (to_usize(before), to_usize(paging.size));
    Ok(Page {
        total_size: i64::try_from(staff.len()).unwrap_or(i64::MAX),
        page_size: paging.size,
        page_no: paging.number,
        data: staff.into_iter().skip(before).take(size).map(|staff| fields::user(cx, staff, &asked)).collect(),
    })
}

fn to_usize(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
