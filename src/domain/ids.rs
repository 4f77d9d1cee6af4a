//! The forms that the documented systems give to the numbers of customers and people.
//!
//! All are worked out from the number and back, so that nothing has to be stored and looked up. Where a form
//! has room for it, it names the company, so that an id of another company is nobody's.

/// The last number that fits into all forms: twelve hexadecimal digits.
const LARGEST: i64 = 0xffff_ffff_ffff;
/// The fixed part of a UUID of version 4.
const MIDDLE: &str = "0000-4000-8000";

/// A kind of thing in WiseCRM: the number that its ids begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    Account,
    User,
    /// A group. The code is ours: the documents print none.
    BusinessUnit,
}

impl Entity {
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Account => 2,
            Self::User => 27,
            Self::BusinessUnit => 28,
        }
    }
}

/// Returns the 40 characters of a WiseCRM id: `002-0000041e-0000-4000-8000-000000000001`. People's do not name
/// the company.
#[must_use]
pub fn to_wise(entity: Entity, company: i64, number: i64) -> String {
    let company = if entity == Entity::User { 0 } else { company };
    format!("{:03}-{company:08x}-{MIDDLE}-{number:012x}", entity.code())
}

/// Returns the number of a WiseCRM id of this kind and company; case does not count.
#[must_use]
pub fn from_wise(entity: Entity, company: i64, id: &str) -> Option<i64> {
    number(id.get(28..)?).filter(|number| to_wise(entity, company, *number).eq_ignore_ascii_case(id))
}

/// Whether a text has one of the forms of ids that this server makes. No telephone number has one.
#[must_use]
pub fn is_id(text: &str) -> bool {
    is_wise(text) || is_hex(text)
}

/// Company and number in 24 or 32 hexadecimal digits: both leave room that is never used.
fn is_hex(text: &str) -> bool {
    let unused = match text.len() {
        24 => [text.get(8..12), Some("0000")],
        32 => [text.get(16..20), text.get(..4)],
        _ => return false,
    };
    unused.into_iter().all(|zeros| zeros == Some("0000"))
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_wise(text: &str) -> bool {
    let is_hex = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.len() == 40
        && text.get(3..4) == Some("-")
        && text.get(12..28).and_then(|middle| middle.strip_prefix('-')?.strip_suffix('-')) == Some(MIDDLE)
        && [text.get(..3), text.get(4..12), text.get(28..)].into_iter().all(is_hex)
}

/// Returns the 24 hexadecimal digits of a customer detail id.
#[must_use]
pub fn to_hex24(company: i64, number: i64) -> String {
    format!("{company:08x}{number:016x}")
}

/// Returns the number of a customer detail id of this company.
#[must_use]
pub fn from_hex24(company: i64, id: &str) -> Option<i64> {
    number(id.get(12..)?).filter(|number| to_hex24(company, *number) == id)
}

/// Returns the 32 hexadecimal digits of an iBiz PLM id, for a customer for which no client chose another.
#[must_use]
pub fn to_hex32(company: i64, number: i64) -> String {
    format!("{company:016x}{number:016x}")
}

/// Returns the number of such an iBiz PLM id of this company.
#[must_use]
pub fn from_hex32(company: i64, id: &str) -> Option<i64> {
    number(id.get(20..)?).filter(|number| to_hex32(company, *number) == id)
}

fn number(digits: &str) -> Option<i64> {
    // A sign would be read, too.
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    i64::from_str_radix(digits, 16).ok().filter(|number| is_hex && (1..=LARGEST).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_documented_forms() {
        assert_eq!(to_wise(Entity::Account, 1054, 1), "002-0000041e-0000-4000-8000-000000000001");
        assert_eq!(to_wise(Entity::User, 1054, 1), "027-00000000-0000-4000-8000-000000000001");
        assert_eq!(to_hex24(1054, 255), "0000041e00000000000000ff");
    }

    #[test]
    fn no_id_reads_like_a_telephone_number() {
        for entity in [Entity::Account, Entity::User, Entity::BusinessUnit] {
            for (company, number) in
                [(1054, 1), (10_000_000, 13_900_001_234), (1, 999_999), (0x1391_2345, 4_008_009_001)]
            {
                let id = to_wise(entity, company, number);
                assert!(is_id(&id), "{id}");
                assert_eq!(crate::domain::masking::mask_text(&id), id);
            }
        }
    }

    #[test]
    fn what_is_no_id_is_nobodys() {
        for id in [
            "",
            "002",
            "027-0000041e-0000-4000-8000-000000000001",
            "002-0000041f-0000-4000-8000-000000000001",
            "002-0000041e-0000-4000-8000-00000000000g",
            "002-0000041e-0000-4000-8000-+00000000001",
            "002-0000041e-0000-4000-8000-000000000000",
            "客户客户客户客户客户客户客户",
        ] {
            assert_eq!(from_wise(Entity::Account, 1054, id), None, "{id}");
        }
        for id in ["", "0000041f0000000000000001", "0000041E0000000000000001", "0000041e000000000000001", "41e1"] {
            assert_eq!(from_hex24(1054, id), None, "{id}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_number_comes_back(company in 1_i64..0xffff_ffff, number in 1_i64..=LARGEST, junk in ".*") {
            let wise = to_wise(Entity::Account, company, number);
            proptest::prop_assert_eq!(wise.len(), 40);
            proptest::prop_assert_eq!(from_wise(Entity::Account, company, &wise.to_uppercase()), Some(number));
            let hex = to_hex24(company, number);
            proptest::prop_assert_eq!(hex.len(), 24);
            proptest::prop_assert_eq!(from_hex24(company, &hex), Some(number));
            let hex = to_hex32(company, number);
            proptest::prop_assert_eq!(hex.len(), 32);
            proptest::prop_assert_eq!(from_hex32(company, &hex), Some(number));
            let _ = from_hex32(company, &junk);
            let _ = (from_wise(Entity::User, company, &junk), from_hex24(company, &junk));
        }
    }
}
