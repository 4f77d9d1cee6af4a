//! What is known of a number, whoever's it is: a call may come from a stranger.
//!
//! No customer is looked for, so that the answer tells nobody whose number it is, or whether it is anybody's.

use super::Cx;
use crate::domain::number_origin::NumberOrigin;
use crate::domain::phone::{self, Phone, Unreadable};
use crate::error::Error;

/// A number as the company reads it.
pub struct KnownNumber {
    pub phone: Phone,
    pub origin: NumberOrigin,
}

/// Returns what is known of a number.
pub fn look_up(cx: &Cx<'_>, typed: &str) -> Result<KnownNumber, Error> {
    let home = &cx.catalogue.company.home;
    let phones = phone::read(typed, home).map_err(|why| match why {
        Unreadable::NoNumber => Error::NoNumber,
        _ if typed.contains(['*', '＊']) => Error::parameter("number: 号码不完整 / a part of the number is masked"),
        why => Error::parameter(format!("number: {}", why.why())),
    })?;
    let phone = phones.into_iter().next().ok_or(Error::NoNumber)?;
    let origin = NumberOrigin::of(&phone);
    Ok(KnownNumber { phone, origin })
}
