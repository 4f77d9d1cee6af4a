//! Parameters as this system's clients write them.

use crate::domain::ids::{self, Entity};
use crate::error::Error;
use crate::ops::Cx;
use crate::protocol::lenient::Scalar;

/// The characters of an id.
const ID: usize = 40;
const PAGE_SIZE: i64 = 20;
const LARGEST_PAGE: i64 = 200;

fn given<'a>(parameter: Option<&'a Scalar<'_>>) -> Option<&'a Scalar<'a>> {
    parameter.filter(|scalar| !scalar.is_empty())
}

/// Returns the text of a parameter; `None` when it is left out or blank.
pub fn text<'a>(name: &str, parameter: Option<&'a Scalar<'_>>) -> Result<Option<std::borrow::Cow<'a, str>>, Error> {
    let wrong = || Error::parameter(format!("{name}: 应为文本 / expected a text"));
    given(parameter).map(|scalar| scalar.text().ok_or_else(wrong)).transpose()
}

/// Returns the text of a parameter that must be there.
pub fn required<'a>(name: &str, parameter: Option<&'a Scalar<'_>>) -> Result<std::borrow::Cow<'a, str>, Error> {
    text(name, parameter)?.ok_or_else(|| Error::parameter(format!("{name}: 缺少 / is missing")))
}

/// Returns `true` or `false`, also written 1 and 0; `false` when it is left out.
pub fn flag(name: &str, parameter: Option<&Scalar<'_>>) -> Result<bool, Error> {
    let wrong = || Error::parameter(format!("{name}: 应为 true 或 false / expected true or false"));
    given(parameter).map_or(Ok(false), |scalar| scalar.flag().ok_or_else(wrong))
}

/// Returns an integer; `None` when it is left out.
pub fn integer(name: &str, parameter: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let wrong = || Error::parameter(format!("{name}: 应为整数 / expected an integer"));
    given(parameter).map(|scalar| scalar.integer().ok_or_else(wrong)).transpose()
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub number: i64,
    pub size: i64,
}

/// Returns the page that is asked for. A larger one than there may be is one of the largest.
pub fn paging(page_no: Option<&Scalar<'_>>, page_size: Option<&Scalar<'_>>) -> Result<Paging, Error> {
    let positive = |name: &str, parameter, otherwise| {
        let number = integer(name, parameter)?.unwrap_or(otherwise);
        if number < 1 {
            Err(Error::parameter(format!("{name}: 应从 1 开始 / expected 1 or more")))
        } else {
            Ok(number)
        }
    };
    let (number, size) = (positive("page_no", page_no, 1)?, positive("page_size", page_size, PAGE_SIZE)?);
    Ok(Paging { number, size: size.min(LARGEST_PAGE) })
}

/// Refuses what is no id of this entity.
fn check_form(name: &str, entity: Entity, id: &str) -> Result<(), Error> {
    let prefix = format!("{:03}-", entity.code());
    if id.len() == ID && id.starts_with(&prefix) {
        return Ok(());
    }
    Err(Error::parameter(format!("{name}: 应为 {prefix} 开头的 40 位 ID / expected an id of 40 characters, {prefix}…")))
}

/// Returns the number of a user's id; that of nobody when only the form is right.
pub fn user(id: &str) -> Result<i64, Error> {
    check_form("op_user", Entity::User, id)?;
    Ok(ids::from_wise(Entity::User, 0, id).unwrap_or(0))
}

/// Refuses to act for somebody else than who signed in. Over HTTP, it is by `op_user` that the caller is known.
pub fn check_user(cx: &Cx<'_>, op_user: Option<&Scalar<'_>>) -> Result<(), Error> {
    let Some(op_user) = text("op_user", op_user)? else { return Ok(()) };
    let number = user(op_user.trim())?;
    let own = cx.caller.operator.as_ref().and_then(|operator| cx.catalogue.staff(&operator.login_no));
    if own.is_some_and(|own| own.number == number) {
        return Ok(());
    }
    Err(Error::forbidden("op_user: 与登录身份不符 / is not the one that signed in"))
}

/// Returns the number of a customer by its id.
pub fn account(cx: &Cx<'_>, account_id: Option<&Scalar<'_>>) -> Result<i64, Error> {
    let id = required("account_id", account_id)?;
    let id = id.trim();
    check_form("account_id", Entity::Account, id)?;
    ids::from_wise(Entity::Account, cx.caller.company, id).ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn pages_are_bounded() {
        let page = |number: &str, size: &str| {
            paging(Some(&scalar(number)), Some(&scalar(size))).map(|paging| (paging.number, paging.size)).ok()
        };
        assert_eq!(page("\"\"", "\" \""), Some((1, 20)));
        assert_eq!(page("\"3\"", "200"), Some((3, 200)));
        assert_eq!(page("1", "201"), Some((1, 200)));
        for (number, size) in [("0", "20"), ("1", "0"), ("-1", "20"), ("\"x\"", "20"), ("1", "1.5"), ("1", "\"1e3\"")] {
            assert_eq!(page(number, size), None, "{number} {size}");
        }
    }

    #[test]
    fn flags_have_four_words() {
        for (json, expected) in [
            ("\"TRUE\"", Some(true)),
            ("1", Some(true)),
            ("false", Some(false)),
            ("\"\"", Some(false)),
            ("\"yes\"", None),
        ] {
            assert_eq!(flag("force_add", Some(&scalar(json))).ok(), expected, "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_user_or_refused(id in ".*") {
            let _ = user(&id);
        }
    }
}
