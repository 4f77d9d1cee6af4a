//! What names a customer in a request.

use std::borrow::Cow;

/// What names a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier<'a> {
    Id(i64),
    Name(Cow<'a, str>),
    Phone(Cow<'a, str>),
    Company(Cow<'a, str>),
}
