//! The addresses of telephone systems: the user part is the number, and nothing behind it is.
//!
//! Sources: RFC 3261 §19.1 (`sip:`), RFC 3966 (`tel:`).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::groups::is_number_text;
use super::{Unreadable, half_width};

const SCHEMES: [&str; 5] = ["sips:", "sip:", "tel:", "callto:", "phone:"];

/// Returns the number of an address, with its extension as `;ext=801`; any other text as it is.
///
/// The display name, scheme, host, port, parameters and headers are no part of the number. An address without a number
/// is [`Unreadable::NoNumber`], one of somebody who has a name [`Unreadable::NotANumber`].
pub(super) fn number(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    let inner = bracketed(text);
    let (is_uri, rest) = without_scheme(inner);
    let user = rest.split_once('@').map(|(user, _)| user);
    if !is_uri && user.is_none() && !has_parameters(rest) {
        return Ok(if inner.len() == text.len() { text.into() } else { inner.into() });
    }
    let decoded = percent_decode_str(user.unwrap_or(rest)).decode_utf8().map_err(|_| Unreadable::NotANumber)?;
    // Headers stand behind the host, and a password behind the user.
    let plain = decoded.split('?').next().unwrap_or_default();
    let mut parts = plain.split(';');
    let subscriber = parts.next().unwrap_or_default();
    let subscriber = subscriber.split_once(':').map_or(subscriber, |(number, _)| number).trim();
    let behind_host = rest.split_once('@').map(|(_, host)| host).unwrap_or_default();
    let parameters: Vec<&str> = parts.chain(behind_host.split(';').skip(1)).collect();
    if !subscriber.contains(|c: char| half_width(c).is_ascii_digit()) {
        return Err(Unreadable::NoNumber);
    }
    if (is_uri || user.is_some()) && !is_number_text(subscriber) {
        return Err(Unreadable::NotANumber);
    }
    let mut number = String::new();
    if let Some(context) = parameter(&parameters, "phone-context").filter(|context| context.starts_with('+'))
        && !subscriber.starts_with('+')
    {
        number.push_str(context);
    }
    number.push_str(subscriber);
    if let Some(extension) = parameter(&parameters, "ext") {
        number.push_str(";ext=");
        number.push_str(extension);
    }
    Ok(number.into())
}

/// What stands between the last `<` and `>`, if there is a digit or a scheme in it.
fn bracketed(text: &str) -> &str {
    let inner = text.rfind('<').and_then(|start| text.get(start + 1..)?.split('>').next());
    inner.map(str::trim).filter(|inner| !inner.is_empty()).unwrap_or(text)
}

fn without_scheme(text: &str) -> (bool, &str) {
    let scheme =
        SCHEMES.iter().find(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
    match scheme {
        Some(scheme) => (true, text.get(scheme.len()..).unwrap_or_default().trim_start_matches('/')),
        None => (false, text),
    }
}

/// Whether a number is followed by a port, or by parameters such as `;user=phone`.
fn has_parameters(text: &str) -> bool {
    let is_parameter = |part: &str| {
        let name = part.split('=').next().unwrap_or_default();
        part.contains('=') && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = || {
        let (number, port) = text.split_once(':')?;
        let is_port = (2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        Some(is_port && digits >= 3 && is_number_text(number))
    };
    text.split(';').skip(1).any(is_parameter) || is_port() == Some(true)
}

fn parameter<'p>(parameters: &[&'p str], wanted: &str) -> Option<&'p str> {
    parameters.iter().find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then_some(value.trim())
    })
}
