use super::*;
use proptest::prelude::*;

#[test]
fn folding() {
    assert_eq!(fold("  Ｗａｎｇ　FANG\t\n1 "), "wang fang 1");
    assert_eq!(fold("\u{202a}王\u{0}芳\u{feff}"), "王 芳");
    assert_eq!(fold(" \u{3} "), "");
}

#[test]
fn initials_of_companies_and_people() {
    assert_eq!(initials("北京天润科技有限公司"), "bjtrkjyxgs");
    assert_eq!(initials("A1 公司 (广州)"), "a1gsgz");
    assert_eq!(initials("重庆长城银行"), "cqccyh");
    assert_eq!(initials("厦门大厦"), "xmds");
    for (name, expected) in [
        ("王芳", "wf"),
        ("单田", "st"),
        ("仇英", "qy"),
        ("曾巩", "zg"),
        ("解缙", "xj"),
        ("查理", "zl"),
        ("区宁", "on"),
        ("朴勇", "py"),
        ("覃芳", "qf"),
        ("盖伟", "gw"),
        ("缪芳", "mf"),
        ("翟伟", "zw"),
        ("乐毅", "yy"),
        ("员芳", "yf"),
        ("种伟", "cw"),
        ("冼星", "xx"),
        ("华伟", "hw"),
        ("任芳", "rf"),
        ("纪伟", "jw"),
        ("阚伟", "kw"),
        ("万俟芳", "mqf"),
        ("尉迟恭", "ycg"),
        ("长孙伟", "zsw"),
        ("John 王", "johnw"),
    ] {
        assert_eq!(initials_of_name(name), expected, "{name}");
    }
}

#[test]
fn terms_of_a_customer() {
    let terms: Vec<_> = terms("王芳", "A 公司").into_iter().collect();
    let expected =
        ["\u{1}ag", "\u{1}f\u{3}", "\u{1}gs", "\u{1}s\u{3}", "\u{1}wf", "a公", "公司", "司\u{3}", "王芳", "芳\u{3}"];
    assert_eq!(terms, expected);
    assert_eq!(haystack("王芳", "A 公司"), "王芳\na公司\nwf\nags");
    assert_eq!(haystack("John Doe", ""), "johndoe\n", "the initials of a Latin name are its text");
    assert!(super::terms("", "").is_empty());
    assert!(super::terms(&"王芳a1".repeat(100), &"芳b".repeat(999)).len() < 1500);
}

#[test]
fn both_readings_of_a_surname_are_found() {
    assert_eq!(haystack("曾伟", ""), "曾伟\n\nzw\ncw");
}

#[test]
fn words_of_a_query() {
    let words = query(" 王芳　Wf 芳 ").words;
    let all = |terms: &[&str]| Lookup::All(terms.iter().map(ToString::to_string).collect());
    assert_eq!(words[0], Word { text: "王芳".into(), lookups: vec![all(&["王芳"])], tail: None, key: None });
    assert_eq!(words[1].lookups, [all(&["wf"]), all(&["\u{1}wf"])]);
    assert_eq!(words[2].lookups, [Lookup::Prefix { from: "芳".into(), to: "芴".into() }]);
    assert_eq!(words.len(), 3);
    assert!(query(" \u{3000} ").words.is_empty());
    assert_eq!(query(&"a ".repeat(20)).words.len(), 8);
    assert_eq!(query(&"a".repeat(200)).words[0].text.len(), 64);
}

#[test]
fn phones_in_a_query() {
    let tail = |text: &str| query(text).words[0].tail.clone();
    assert_eq!(tail("0001").as_deref(), Some("1000"));
    assert_eq!(tail("001"), None);
    assert_eq!(tail("王0001"), None);
    for typed in ["13000000001", "+86 130 0000 0001", "008613000000001", "013000000001", "130-0000-0001"] {
        assert_eq!(tail(typed).as_deref(), Some("10000000031"), "{typed}");
        assert_eq!(query(typed).words.len(), 1, "{typed}");
    }
    assert_eq!(tail("010-88886666").as_deref(), Some("6666888801"));
    assert_eq!(tail("8888 6666").as_deref(), Some("66668888"));
    assert_eq!(tail("00861234").as_deref(), Some("43216800"));
    for typed in ["tel:13000000001", "13000000001;", "sip:13000000001@10.0.0.1", "13000000001-801"] {
        assert_eq!(tail(typed).as_deref(), Some("10000000031"), "{typed}");
    }
    assert_eq!(query("8888 王芳").words.len(), 2);
    let hong_kong = &Home::new("HK", None).unwrap();
    assert_eq!(query_in("001 852 2345 6789", hong_kong).words[0].tail.as_deref(), Some("98765432"));
}

#[test]
fn ends_of_prefixes() {
    assert_eq!(prefix_end("王"), "玌");
    assert_eq!(prefix_end("\u{d7ff}"), "\u{e000}", "over the surrogates");
    assert_eq!(prefix_end("a\u{10ffff}\u{10ffff}"), "b");
    assert!(prefix_end("\u{10ffff}").as_str() > "\u{10ffff}\u{10ffff}");
    assert_eq!(prefix_end("").chars().count(), 4);
}

/// What the store does with a word.
fn finds(word: &Word, terms: &BTreeSet<String>, haystack: &str) -> bool {
    let is_candidate = word.lookups.iter().any(|lookup| match lookup {
        Lookup::All(wanted) => wanted.iter().all(|term| terms.contains(term)),
        Lookup::Prefix { from, to } => terms.range(from.clone()..to.clone()).next().is_some(),
    });
    is_candidate && haystack.contains(&word.text)
}

const NAME: &str = "[王芳李曾单伟公司银行長A-Za-zİΣß0-9Ａ　 .\u{10ffff}-]{1,20}";

proptest! {
    #[test]
    fn every_part_of_a_name_is_found(name in NAME, company in NAME, start in 0_usize..20, length in 1_usize..20) {
        let (terms, haystack) = (terms(&name, &company), haystack(&name, &company));
        for text in [&name, &company] {
            let part: String = text.chars().skip(start % text.chars().count()).take(length).collect();
            for word in query(&part).words {
                prop_assert!(finds(&word, &terms, &haystack), "{word:?} of {part:?} in {haystack:?}");
            }
        }
    }

    #[test]
    fn every_part_of_the_initials_is_found(name in NAME, company in NAME, start in 0_usize..20, length in 1_usize..20) {
        let (terms, haystack) = (terms(&name, &company), haystack(&name, &company));
        for text in [initials(&name), initials_of_name(&name), initials(&company)] {
            let part: String = text.chars().skip(start % text.len().max(1)).take(length).collect();
            for word in query(&part).words {
                prop_assert!(finds(&word, &terms, &haystack), "{word:?} of {part:?} in {haystack:?}");
            }
        }
    }

    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,30}|[ＡİΣ　\u{0}-\u{ff}]{0,20}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn a_prefix_range_holds_just_what_begins_so(prefix in "[a王\u{d7ff}\u{10ffff}]{1,3}", text in "[a王\u{d7ff}\u{e000}\u{10ffff}]{0,3}") {
        let is_inside = prefix <= text && text < prefix_end(&prefix);
        prop_assert_eq!(is_inside, text.starts_with(&prefix));
    }

    #[test]
    fn any_search_is_cut_into_words(text in "\\PC{0,80}") {
        let words = query(&text).words;
        prop_assert!(words.len() <= 8 && words.iter().all(|word| !word.text.is_empty() && !word.text.contains(' ')));
    }

    #[test]
    fn the_last_digits_of_a_phone_find_it(number in "1[3-9][0-9]{9}|0[2-9][0-9]{9,10}|[0-9]{4,14}", length in 4_usize..14) {
        let stored = Phone::parse(&number, &CHINA).unwrap().tail();
        let national: String = stored.chars().rev().collect();
        let typed = national.get(national.len().saturating_sub(length)..).unwrap();
        if typed.len() >= SHORTEST_DIGITS {
            let tail = query(typed).words[0].tail.clone().unwrap();
            prop_assert!(stored.starts_with(&tail), "{typed} of {stored} is looked up by {tail}");
        }
    }
}

#[test]
fn who_sees_the_last_four_digits_searches_by_them_or_by_the_whole_number() {
    let words = |text: &str| {
        let words = query_of_masked(text, &CHINA, 4).words;
        words.into_iter().map(|word| (word.text, word.tail, word.key, word.lookups.len())).collect::<Vec<_>>()
    };
    let number = |text: &str, tail: Option<&str>, key: Option<&str>| {
        vec![(text.to_owned(), tail.map(str::to_owned), key.map(str::to_owned), 0)]
    };
    assert_eq!(words("5678"), number("5678", Some("8765"), None));
    assert_eq!(words("45678"), number("45678", None, Some("45678")));
    // Not by the last six digits behind a country code, either.
    assert_eq!(words("+1 345678"), number("+1345678", None, Some("+1345678")));
    for whole in ["13812345678", "138-1234-5678", "+86 138 1234 5678", "１３８１２３４５６７８"] {
        assert_eq!(words(whole)[0].2.as_deref(), Some("+8613812345678"), "{whole}");
    }
    assert_eq!(words("567"), []);
    let texts = |text: &str| words(text).into_iter().map(|word| word.0).collect::<Vec<_>>();
    assert_eq!(texts("张三138 第7分店 12"), ["张三", "第", "分店"]);
    assert_eq!(words("张1").first().map(|word| word.3), Some(1));
}
