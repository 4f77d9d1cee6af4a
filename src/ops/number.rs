//! What is known of a number, whoever's it is: a call may come from a stranger.
//!
//! No customer is looked for, so that the answer tells nobody whose number it is, or whether it is anybody's.

use super::Cx;
use crate::domain::number_kind::NumberKind;
use crate::domain::number_origin::NumberOrigin;
use crate::domain::phone::Phone;
use crate::error::Error;

/// A number as the company reads it.
pub struct KnownNumber {
    pub phone: Phone,
    pub kind: NumberKind,
    pub origin: NumberOrigin,
}

/// Returns what is known of a number.
pub fn look_up(cx: &Cx<'_>, typed: &str) -> Result<KnownNumber, Error> {
    if typed.contains(['*', '＊']) {
        return Err(Error::parameter("number: 号码不完整 / a part of the number is masked"));
    }
    let home = cx.catalogue.company.country;
    let phone =
        Phone::parse(typed, home).ok_or_else(|| Error::parameter("number: 不是电话号码 / not a phone number"))?;
    let kind = NumberKind::of(&phone, home);
    let origin = NumberOrigin::of(&phone, kind, home);
    Ok(KnownNumber { phone, kind, origin })
}
