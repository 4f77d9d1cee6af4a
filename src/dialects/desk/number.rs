//! What sort of number calls, and from where: for numbers that are no customer's, too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::number_origin::NumberOrigin;
use crate::domain::phone::NumberKind;
use crate::error::Error;
use crate::ops::{Cx, number};
use crate::protocol::lenient::Scalar;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetNumber<'a> {
    /// However it is written: `13000000001`, `+86 10 8888 6666`, `010-88886666转801`, `95555`.
    #[serde(borrow)]
    #[schemars(required)]
    number: Option<Scalar<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub struct NumberShown {
    result: NumberBody,
}

/// What is not known is absent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NumberBody {
    /// As it was asked for, without blanks around it.
    number: String,
    /// `+` and up to 15 digits, without the extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    e164: Option<String>,
    kind: NumberKind,
    /// ISO 3166-1, two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'static str>,
    /// The country or region, in Chinese like all names here.
    #[serde(skip_serializing_if = "Option::is_none")]
    country_name: Option<&'static str>,
    #[serde(flatten)]
    whence: Whence,
}

/// Whence a number is; what is not known is absent.
#[derive(Serialize, JsonSchema)]
pub struct Whence {
    /// Of the mainland.
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<&'static str>,
    /// Where an area code is shared, several, with `、` between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'static str>,
    /// To whom the range was given; a number may have been ported since.
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<&'static str>,
}

impl From<&NumberOrigin> for Whence {
    fn from(origin: &NumberOrigin) -> Self {
        Self { province: origin.province, city: origin.city, carrier: origin.carrier }
    }
}

pub async fn get_number(cx: &Cx<'_>, request: GetNumber<'_>) -> Result<NumberShown, Error> {
    let given = request.number.filter(|number| !number.is_empty());
    let given = given.ok_or_else(|| Error::parameter("number: 缺少 / is missing"))?;
    let typed = given.text().ok_or_else(|| Error::parameter("number: 应为文本 / expected a text"))?;
    let number::KnownNumber { phone, origin } = number::look_up(cx, &typed)?;
    Ok(NumberShown {
        result: NumberBody {
            number: phone.typed,
            e164: phone.e164,
            kind: phone.kind,
            country: origin.country.map(|country| country.iso),
            country_name: origin.country.map(|country| country.name),
            whence: Whence::from(&origin),
        },
    })
}
