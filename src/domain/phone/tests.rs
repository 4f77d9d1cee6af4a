mod texts;

use super::*;
use proptest::prelude::*;

fn parse(typed: &str) -> Phone {
    Phone::parse(typed, &CHINA).unwrap_or_else(|| panic!("{typed} is no number"))
}

fn home(iso: &str) -> Home {
    Home::new(iso, None).unwrap()
}

fn keys(typed: &str) -> Vec<String> {
    read(typed, &CHINA).unwrap_or_default().iter().map(Phone::key).collect()
}

fn key(typed: &str) -> String {
    parse(typed).key()
}

#[test]
fn one_mobile_in_many_spellings() {
    for typed in [
        "13000000001",
        "130-0000-0001",
        " 130 0000 0001 ",
        "１３０００００　０００１",
        "+8613000000001",
        "＋86 130 0000 0001",
        "(+86)13000000001",
        "+(86) 130.0000.0001",
        "8613000000001",
        "008613000000001",
        "013000000001",
        "+86 013000000001",
        "张三手机 13000000001",
        "tel:+86-130-0000-0001",
        "\u{202a}13000000001\u{202c}",
    ] {
        assert_eq!(key(typed), "+8613000000001", "{typed}");
        assert_eq!(parse(typed).tail(), "10000000031", "{typed}");
        let visible = typed.trim().trim_start_matches("tel:").trim_matches(['\u{202a}', '\u{202c}']);
        assert_eq!(parse(typed).typed, visible);
    }
}

#[test]
fn landlines_and_service_numbers() {
    for (typed, expected) in [
        ("010-88886666", "+861088886666"),
        ("（010）88886666", "+861088886666"),
        ("+86 10 88886666", "+861088886666"),
        ("+86 (0)10 8888 6666", "+861088886666"),
        ("861088886666", "+861088886666"),
        ("021/88886666", "+862188886666"),
        ("0755-88886666", "+8675588886666"),
        ("0755-8888666-6", "+8675588886666"),
        ("0311-8888666", "+863118888666"),
        ("400-123-4567", "+864001234567"),
        ("+86 400 123 4567", "+864001234567"),
        ("864001234567", "+864001234567"),
        ("8001234567", "+868001234567"),
    ] {
        assert_eq!(key(typed), expected, "{typed}");
    }
    assert_eq!(parse("010-88886666").tail(), "6666888801");
}

#[test]
fn numbers_without_e164_keep_their_digits() {
    for (typed, expected) in [
        ("138900010001", "138900010001"),
        ("138-9000-1000-1", "138900010001"),
        ("+86 138900010001", "138900010001"),
        ("8612 3456", "86123456"),
        ("8888666", "8888666"),
        ("10086", "10086"),
        ("+86 10086", "10086"),
        ("95555", "95555"),
        ("110", "110"),
        ("001", "001"),
    ] {
        assert_eq!(key(typed), expected, "{typed}");
        assert_eq!(parse(typed).e164, None, "{typed}");
    }
}

#[test]
fn extensions() {
    for tail in [
        "-801",
        " - 801",
        "转801",
        "转分机801",
        "分机 801",
        "分机号：801",
        " ext 801",
        "ext.801",
        "x801",
        "X801",
        "#801",
        "，801",
        ";ext=801",
        "（转801）",
        "(801)",
    ] {
        for number in ["010-88886666", "+86 10 88886666", "0755-88886666", "400-123-4567", "13000000001"] {
            let whole = parse(&format!("{number}{tail}"));
            assert_eq!(whole.extension.as_deref(), Some("801"), "{number}{tail}");
            assert_eq!(whole.e164, parse(number).e164, "{number}{tail}");
            assert_eq!(whole.digits, parse(number).digits);
            assert_eq!(whole.tail(), parse(number).tail());
        }
    }
    assert_eq!(key("010-88886666-801"), "+861088886666;ext=801");
    assert_eq!(key("88886666-801"), "88886666;ext=801");
    assert_eq!(key("10086转1"), "10086;ext=1");
    assert_eq!(key("+1 202-555-0100 x 12"), "+12025550100;ext=12");
}

#[test]
fn numbers_abroad() {
    for (typed, expected, tail) in [
        ("+1 202 555 0100", "+12025550100", "0010555202"),
        ("001 202 555 0100", "+12025550100", "0010555202"),
        ("+852 2345 6789", "+85223456789", "98765432"),
        ("+44 (0)20 7946 0000", "+442079460000", "0000649702"),
        ("+998 71 200 0000", "+998712000000", "000000217"),
        ("+979 1 2345 6789", "+979123456789", "98765432197"),
    ] {
        assert_eq!((key(typed).as_str(), parse(typed).tail().as_str()), (expected, tail));
    }
    assert_eq!(read("+1234567890123456", &CHINA), Err(Unreadable::NotANumber), "sixteen digits");
}

#[test]
fn other_home_countries() {
    for (iso, typed, expected) in [
        ("HK", "2345 6789", "+85223456789"),
        ("HK", "001 86 13000000001", "+8613000000001"),
        ("HK", "+86 13000000001", "+8613000000001"),
        ("GB", "020 7946 0000", "+442079460000"),
        ("US", "(202) 555-0100", "+12025550100"),
        ("US", "1-202-555-0100", "+12025550100"),
        ("US", "011 86 10 88886666", "+861088886666"),
        ("JP", "03-0000-0001", "+81300000001"),
        ("SG", "999", "999"),
    ] {
        assert_eq!(Phone::parse(typed, &home(iso)).unwrap().key(), expected, "{iso} {typed}");
    }
}

#[test]
fn texts_that_are_no_numbers() {
    assert_eq!(Phone::parse("", &CHINA), None);
    assert_eq!(Phone::parse("无", &CHINA), None);
    assert_eq!(read(&"1".repeat(256), &CHINA), Err(Unreadable::TooLong));
    assert!(is_dialled("+86 (010) 8888－6666"));
    assert!(!is_dialled("--") && !is_dialled("王1") && !is_dialled(""));
    // A word may stand in front of an extension, and nowhere else.
    for text in ["010-88886666转8001", "01088886666 ext. 8001", "13712345670 转分机：1/2", "8888666６x1"] {
        assert!(is_dialled(text), "{text}");
    }
    for text in ["转8001", "3x5", "12转1", "88886666转", "88886666转王", "王88886666转1"] {
        assert!(!is_dialled(text), "{text}");
    }
}

#[test]
fn extensions_of_mobiles_and_pauses() {
    for (typed, extension) in [
        ("13712345670-1234", "1234"),
        ("13712345670转1234", "1234"),
        ("13712345670,1234", "1234"),
        ("13900112233-1", "1"),
        ("+86 13900112233-1", "1"),
        ("13900112233ext1", "1"),
        ("13900112233p801", "801"),
        ("13900112233*801", "801"),
        ("13900112233w801", "801"),
        ("13900112233,,801#", "801"),
        ("010-88886666*801", "801"),
        ("+1 202-555-0100-12", "12"),
    ] {
        assert_eq!(parse(typed).extension.as_deref(), Some(extension), "{typed}");
        assert!(parse(typed).e164.is_some(), "{typed}");
    }
    assert_eq!(key("138-9000-1000-1"), "138900010001", "a mobile with one digit too many");
}

#[test]
fn with_an_area_code_of_the_company() {
    let shanghai = Home::new("CN", Some("021")).unwrap();
    let key = |typed: &str| Phone::parse(typed, &shanghai).unwrap().key();
    for typed in ["54590135", "021-54590135", "+86 21 5459 0135", "5459-0135", "008602154590135"] {
        assert_eq!(key(typed), "+862154590135", "{typed}");
    }
    assert_eq!(key("54590135-801"), "+862154590135;ext=801");
    assert_eq!(key("010-54590135"), "+861054590135");
    for typed in ["95588", "02195588", "021-95588", "01095588", "+86 21 95588"] {
        assert_eq!(key(typed), "95588", "{typed}");
    }
    assert_eq!(
        (key("12345"), key("021-12345"), key("010-12345")),
        ("12345".into(), "12345".into(), "+861012345".into())
    );
    for wrong in ["21a", "0", "99999", "0215"] {
        assert!(Home::new("CN", Some(wrong)).is_none(), "{wrong}");
    }
    assert!(Home::new("HK", Some("021")).is_none());
    assert!(Home::new("CN", Some(" ")).unwrap().area_code().is_none());
}

#[test]
fn country_codes_without_a_sign_and_carriers() {
    for (iso, typed, expected) in [
        ("HK", "85223456789", "+85223456789"),
        ("HK", "23456789", "+85223456789"),
        ("HK", "852 2345 6789", "+85223456789"),
        ("VN", "84912345678", "+84912345678"),
        ("VN", "0912345678", "+84912345678"),
        ("IN", "919812345678", "+919812345678"),
        ("IN", "09812345678", "+919812345678"),
        ("BR", "5511912345678", "+5511912345678"),
        ("BR", "(11) 91234-5678", "+5511912345678"),
        ("BR", "0 15 11 91234-5678", "+5511912345678"),
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("RU", "79123456789", "+79123456789"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("IT", "390612345678", "+390612345678"),
        ("US", "12025550100", "+12025550100"),
        ("GB", "442079460000", "+442079460000"),
    ] {
        assert_eq!(Phone::parse(typed, &home(iso)).unwrap().key(), expected, "{iso} {typed}");
    }
    for typed in ["17951 13900112233", "1259313900112233", "17911 010-88886666", "17909008613900112233"] {
        assert!(["+8613900112233", "+861088886666"].contains(&key(typed).as_str()), "{typed}");
    }
}

#[test]
fn a_mobile_is_no_local_number_that_ends_alike() {
    let may = |one: &str, other: &str| parse(one).may_end_like(&parse(other));
    assert!(!may("62345678", "13862345678") && !may("13862345678", "62345678"));
    assert!(may("62345678", "010-62345678") && may("13862345678", "+86 13862345678"));
    assert!(may("138900010001", "13890001000"), "what is of no known form may be anything");
}

#[test]
fn tails() {
    assert_eq!(tail_of("008613000000001"), "10000000031");
    assert!(tails_match("6666888801", "66668888"));
    assert!(!tails_match("666688", "666688"), "too short");
    assert!(!tails_match("66668889", "6666888801"));
    let shorter: Vec<_> = shorter_tails("6666888801").collect();
    assert_eq!(shorter, ["666688880", "66668888", "6666888"]);
    assert_eq!(shorter_tails("6666888").count(), 0);
}

fn full_width(c: char) -> char {
    char::from_u32(u32::from(c) + 0xfee0).unwrap()
}

prop_compose! {
    /// A number as dialled inside the country, and the same behind the country code.
    fn number()(number in prop_oneof![
        "1[3-9][0-9]{9}", "010[2-8][0-9]{7}", "02[1-9][2-8][0-9]{7}", "0[3-9][1-9][0-9][2-8][0-9]{6,7}", "400[0-9]{7}",
    ]) -> String { number }
}

proptest! {
    #[test]
    fn e164_has_the_key_of_what_was_typed(
        calling_code in prop::sample::select(vec!["1", "32", "39", "44", "54", "55", "7", "86", "299", "852"]),
        rest in "0{0,9}[0-9]{4,10}",
    ) {
        let phone = Phone::parse(&format!("+{calling_code}{rest}"), &CHINA);
        if let Some(e164) = phone.filter(|phone| phone.extension.is_none()).and_then(|phone| phone.e164) {
            prop_assert_eq!(key(&e164), e164);
        }
    }

    #[test]
    fn every_spelling_has_one_key(
        number in number(),
        prefix in prop_oneof![Just(""), Just("+86"), Just("0086"), Just("86"), Just("0")],
        drops_zero: bool,
        is_wide: bool,
        marks in prop::collection::vec(prop_oneof![4 => Just(""), 1 => Just("-"), 1 => Just(" "), 1 => Just("—")], 20),
    ) {
        let bare = number.strip_prefix('0').unwrap_or(&number);
        let spelt = match prefix {
            "0" => format!("0{bare}"),
            "" => number.clone(),
            code if drops_zero => format!("{code}{bare}"),
            code => format!("{code}{number}"),
        };
        let mut text = String::new();
        for (at, c) in spelt.chars().enumerate() {
            if at > 0 { text.push_str(marks[at % marks.len()]); }
            text.push(if is_wide { full_width(c) } else { c });
        }
        let phone = parse(&text);
        prop_assert_eq!(phone.key(), format!("+86{bare}"), "{}", text);
        prop_assert!(phone.e164.is_some());
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[\\PC\u{202a}]{0,40}|[0-9+ ()x转#,-]{0,30}", iso in "CN|HK|US|GB|JP") {
        let country = &home(&iso);
        if let Some(phone) = Phone::parse(&text, country) {
            let tail = phone.tail();
            prop_assert!(!tail.is_empty() && tail.len() <= TAIL);
            prop_assert!(tail.bytes().all(|b| b.is_ascii_digit()));
            if let Some(e164) = phone.e164.clone() {
                let again = Phone::parse(&e164, country).unwrap();
                prop_assert_eq!(again.e164, Some(e164));
                prop_assert_eq!(Phone::parse(&phone.key(), country).unwrap().key(), phone.key());
            }
        }
    }

    #[test]
    fn the_two_sides_of_a_look_up_agree(a in "[0-9]{1,11}", b in "[0-9]{1,11}", cut in 0_usize..11) {
        for b in [b, a.get(..cut).unwrap_or(&a).to_owned()] {
            let stored_is_found = (a.len() >= SHORTEST_TAIL && b.starts_with(&a)) || shorter_tails(&a).any(|short| short == b);
            prop_assert_eq!(tails_match(&a, &b), stored_is_found);
        }
    }
}
