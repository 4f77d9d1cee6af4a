//! What is behind a number: somebody's mobile, a landline, a machine, a service. Which digits are which of them in the
//! mainland says its numbering plan, [`china`](super::china).

use schemars::JsonSchema;
use serde::Serialize;

/// What a number is. All but `International` and `Unknown` are numbers of the mainland.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// A mobile, also of a virtual operator or a satellite: `13000000001`.
    Mobile,
    /// A landline with its area code: `010-88886666`.
    Landline,
    /// A landline without area code: `88886666`.
    Local,
    /// A machine: `1064812345678`, `1440012345678`, `14800000001`.
    Iot,
    /// A service whose caller pays for a local call: `4001234567`.
    #[serde(rename = "service_400")]
    Service400,
    /// A service that pays for the call: `8001234567`.
    #[serde(rename = "service_800")]
    Service800,
    /// A carrier's own number and others that begin with 10: `10086`.
    #[serde(rename = "service_10")]
    Service10,
    /// Inquiries and others that begin with 11: `114`, `11185`.
    #[serde(rename = "service_11")]
    Service11,
    /// A hotline of the authorities: `12345`.
    #[serde(rename = "service_12")]
    Service12,
    /// A company's number in the whole country: `95555`.
    #[serde(rename = "service_95")]
    Service95,
    /// A service within a province: `96110`.
    #[serde(rename = "service_96")]
    Service96,
    /// Where text messages of programs come from: `106550012345`.
    Sms,
    /// Police, fire brigade, ambulance, traffic accidents: `110`, `119`, `120`, `122`.
    Emergency,
    /// A number with another country code than 86.
    International,
    /// Of no known form.
    Unknown,
}

impl NumberKind {
    /// Whether such a number means the same from anywhere, so that it has an E.164 form.
    pub(super) fn is_dialled_from_anywhere(self) -> bool {
        use NumberKind::{International, Iot, Landline, Mobile, Service400, Service800};
        matches!(self, Mobile | Iot | Landline | Service400 | Service800 | International)
    }

    /// Whether this many digits behind a dash are an extension. A mobile that is written in groups wants three of
    /// them, so that one written with one digit too many stays what it is: a number of no known form.
    pub(super) fn takes_extension(self, digits: usize, is_in_groups: bool) -> bool {
        match self {
            Self::Mobile if is_in_groups => digits >= 3,
            Self::Iot => false,
            Self::Local => digits >= 1,
            kind => kind.is_dialled_from_anywhere() && digits >= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::NumberKind::*;
    use super::*;
    use crate::domain::phone::{Home, Phone};

    fn read(typed: &str, iso: &str) -> Option<Phone> {
        Phone::parse(typed, &Home::new(iso, None).unwrap())
    }

    fn kind(typed: &str) -> NumberKind {
        read(typed, "CN").unwrap().kind
    }

    #[test]
    fn kinds_of_the_numbering_plan() {
        for (typed, expected) in [
            ("010-88886666", Landline),
            ("0755-88886666", Landline),
            ("0951-8888666", Landline),
            // What would be a text message's number, were it dialled as it stands.
            ("010-65501234", Landline),
            ("+86 10 6550 1234", Landline),
            ("010-64812345", Landline),
            ("88886666", Local),
            ("8888666转801", Local),
            ("1064612345678", Iot),
            ("1064712345678", Iot),
            ("1064812345678", Iot),
            ("1064912345678", Iot),
            ("1400012345678", Iot),
            ("1410012345678", Iot),
            ("1440012345678", Iot),
            ("1441012345678", Iot),
            ("14600000001", Iot),
            ("14800000001", Iot),
            ("400-123-4567", Service400),
            ("800-123-4567", Service800),
            ("+86 400 123 4567", Service400),
            ("10000", Service10),
            ("10010", Service10),
            ("10086", Service10),
            ("1008611", Service10),
            ("10099", Service10),
            ("114", Service11),
            ("11185", Service11),
            ("116114", Service11),
            ("121", Service12),
            ("12345", Service12),
            ("12306", Service12),
            ("95555", Service95),
            ("955550", Service95),
            ("950131234567", Service95),
            ("96110", Service96),
            ("10655001", Sms),
            ("106550012345", Sms),
            ("10690000123456789012", Sms),
            ("110", Emergency),
            ("119", Emergency),
            ("120", Emergency),
            ("122", Emergency),
            ("+852 2345 6789", International),
            ("+1 202-555-0100", International),
            ("+886 2 2345 6789", International),
            ("138900010001", Unknown),
        ] {
            assert_eq!(kind(typed), expected, "{typed}");
        }
    }

    /// As they were given to the carriers until 2023, those for machines aside.
    #[test]
    fn all_ranges_of_mobiles() {
        let ranges = "130 131 132 133 134 135 136 137 138 139 145 147 149 150 151 152 153 155 156 157 158 159 162 165 166 167 \
                      170 171 172 173 174 175 176 177 178 180 181 182 183 184 185 186 187 188 189 \
                      190 191 192 193 195 196 197 198 199";
        for range in ranges.split_whitespace() {
            assert_eq!(kind(&format!("{range}00000001")), Mobile, "{range}");
        }
    }

    #[test]
    fn short_numbers_are_those_of_the_company_s_own_country() {
        let at_home = |typed| read(typed, "HK").unwrap().kind;
        assert_eq!(at_home("10086"), Unknown);
        assert_eq!(at_home("999"), Unknown);
        assert_eq!(at_home("2345 6789"), International);
        assert_eq!(at_home("+86 10086"), Service10);
        assert_eq!(at_home("+86 13000000001"), Mobile);
    }

    #[test]
    fn kinds_have_names() {
        let name = |kind: NumberKind| serde_json::to_value(kind).unwrap();
        assert_eq!([name(Iot), name(Service400), name(Sms)], ["iot", "service_400", "sms"]);
    }

    proptest! {
        #[test]
        fn a_mobile_is_one_however_it_is_written(
            number in "1([35-9][0-9]|4[579])[0-9]{8}",
            code in prop_oneof![Just(""), Just("+86 "), Just("0086"), Just("0")],
            sign in prop_oneof![Just(""), Just("-"), Just(" ")],
            extension in prop_oneof![Just(""), Just("转801")],
        ) {
            let typed = format!("{code}{}{sign}{}{sign}{}{extension}", &number[..3], &number[3..7], &number[7..]);
            prop_assert_eq!(kind(&typed), Mobile, "{}", typed);
        }

        #[test]
        fn a_machine_has_thirteen_digits(number in "1(064|4[0-4][0-9])[0-9]{9}", less in 0_usize..2) {
            let expected = if less == 0 { Iot } else { Unknown };
            let kind = kind(&number[..13 - less]);
            prop_assert!(kind == expected || (less > 0 && number.starts_with("106") && kind == Sms), "{}", number);
        }

        #[test]
        fn any_number_has_a_kind(text in "[0-9+ ()转#-]{1,30}", iso in "CN|HK|US|JP") {
            if let Some(phone) = read(&text, &iso) {
                let is_abroad = phone.e164.as_ref().is_some_and(|e164| !e164.starts_with("+86"));
                prop_assert_eq!(phone.kind == International, is_abroad);
            }
        }
    }
}
