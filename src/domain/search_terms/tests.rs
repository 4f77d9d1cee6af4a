use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn initials(name: &str) -> String {
    pinyin::initials(name, Kind::Name)
}

#[test]
fn terms_of_a_customer() {
    let terms: Vec<_> = terms("王芳", "A 公司").into_iter().collect();
    let expected =
        ["\u{1}ag", "\u{1}gs", "\u{1}wf", "FANG", "GONG", "SI", "WANG", "a公", "公司", "司\u{3}", "王芳", "芳\u{3}"];
    assert_eq!(terms, expected);
    assert_eq!(haystack("王芳", "A 公司"), "王芳\na公司\nwf\nags\n\u{2}WANG\u{2}FANG\n\u{2}GONG\u{2}SI");
    assert_eq!(haystack("John Doe", ""), "johndoe\n", "the initials of a Latin name are its text");
    assert!(super::terms("", "").is_empty());
    assert!(super::terms(&"王芳a1".repeat(200), &"芳b".repeat(999)).len() < 1500);
}

/// What is stored was derived by these rules: who changes them gives them a new version, so that it is derived anew.
#[test]
fn other_rules_have_another_version() {
    let mut digest = Sha256::new();
    for c in ('\u{20}'..='\u{33ff}').chain('\u{3400}'..='\u{9fff}').chain('\u{f900}'..='\u{ffff}') {
        digest.update(fold(&c.to_string()));
        digest.update(pinyin::sort_key(&c.to_string()));
    }
    digest.update(include_str!("../pinyin/readings.txt"));
    for name in ["尉迟恭", "重庆长城银行", "单于长行", "José Muñoz", "阿不都·热依木", "吐谷浑", "西安音乐"]
    {
        digest.update(haystack(name, name));
        digest.update(terms(name, name).into_iter().collect::<String>());
    }
    let rules = (VERSION, hex::encode(digest.finalize()));
    assert_eq!((rules.0, &rules.1[..16]), (2, "2bffa37bab466a9a"));
}

#[test]
fn both_readings_of_a_surname_are_found() {
    assert_eq!(haystack("曾伟", ""), "曾伟\n\nzw\ncw\n\u{2}ZENG\u{2}WEI\n\u{2}CENG\u{2}WEI");
}

#[test]
fn a_name_has_the_same_terms_however_it_is_written() {
    for (one, other) in
        [("楊志永", "杨志永"), ("José", "Jose\u{301}"), ("阿不都·热依木", "阿不都热依木"), ("ｶﾄｳ", "カトウ")]
    {
        assert_eq!(terms(one, other), terms(other, one), "{one}");
        assert_eq!(haystack(one, ""), haystack(other, ""), "{one}");
    }
}

/// Whether a search finds a customer of this name.
fn search(text: &str, name: &str) -> bool {
    let (terms, haystack) = (terms(name, ""), haystack(name, ""));
    query(text).words.iter().all(|word| finds(word, &terms, &haystack))
}

#[test]
fn chinese_is_found_by_its_pinyin() {
    for (name, texts) in [
        ("楊志永", "yangzhiyong yang yangzhi zhiyong yong yangzhiy ya zhi'yong yzy zy YangZhi 杨志 志永"),
        ("单田芳", "shantianfang dantian shan dan tianf stf dtf"),
        ("重庆长城银行", "chongqing changcheng yinhang chongqingchang cqccyh chongq"),
        ("尉迟恭", "yuchi yuchigong ycg"),
        ("解缙", "xiejin jiejin"),
        ("仇英", "qiuying chouying"),
        ("曾巩", "zenggong cenggong"),
        ("西安现代", "xian xi'an xianxian xianxiandai xianx"),
        ("吕布", "lvbu lubu lyubu lv lü"),
        ("王A芳", "wang fang"),
    ] {
        for text in texts.split_whitespace() {
            assert!(search(text, name), "{text} does not find {name}");
        }
    }
    assert!(search("yang zhi", "楊志永"));
    for (name, texts) in [
        ("楊志永", "angzhi zhiyang yangyong zhiyon9 gzhi hiyong yangzhiyongx"),
        ("重庆长城银行", "zhongqing"),
        ("安阳市严志", "anzhi"),
        ("王A芳", "wangfang"),
    ] {
        for text in texts.split_whitespace() {
            assert!(!search(text, name), "{text} finds {name}");
        }
    }
}

#[test]
fn repeats_of_one_character_count() {
    for (text, name, is_found) in [
        ("zzzzzz", "张赵中", false),
        ("zzz", "张赵中", true),
        ("www", "www.example.com", true),
        ("www", "王伟", false),
        ("哈哈哈", "哈哈", false),
        ("哈哈哈", "笑哈哈哈", true),
        ("哈哈", "哈哈", true),
        ("00000", "仓库00", false),
        ("00000", "仓库000001", true),
    ] {
        assert_eq!(search(text, name), is_found, "{text} {name}");
    }
}

#[test]
fn words_of_a_query() {
    let words = query(" 王芳　Wf 芳 w ").words;
    let all = |terms: &[&str]| Lookup::All(terms.iter().map(ToString::to_string).collect());
    let certain = |text: &str, lookup: Lookup| Form { text: text.into(), lookup, is_certain: true };
    let prefix = |from: &str, to: &str| Lookup::Prefix { from: from.into(), to: to.into() };
    assert_eq!(words[0], Word { forms: vec![certain("王芳", all(&["王芳"]))], tails: vec![], keys: vec![] });
    assert_eq!(words[1].forms, [certain("wf", all(&["wf"])), certain("wf", all(&["\u{1}wf"]))]);
    assert_eq!(words[2].forms, [certain("芳", prefix("芳", "芴"))]);
    assert_eq!(words[3].forms, [certain("w", prefix("w", "x")), certain("\u{2}W", prefix("W", "X"))]);
    assert_eq!(words.len(), 4);
    assert!(query(" \u{3000} ").words.is_empty());
    assert_eq!(query(&"a ".repeat(20)).words.len(), 8);
    assert_eq!(query(&"v".repeat(200)).words[0].forms[0].text.len(), 64);
}

#[test]
fn phones_in_a_query() {
    let tail = |text: &str| query(text).words[0].tails.first().cloned();
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
    assert_eq!(query_in("001 852 2345 6789", hong_kong).words[0].tails, ["98765432"]);
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
    let is_candidate = |form: &Form| match &form.lookup {
        Lookup::All(wanted) => wanted.iter().all(|term| terms.contains(term)),
        Lookup::Prefix { from, to } => terms.range(from.clone()..to.clone()).next().is_some(),
    };
    let is_confirmed = |form: &Form| haystack.contains(&form.text);
    for form in word.forms.iter().filter(|form| form.is_certain && is_candidate(form)) {
        assert!(is_confirmed(form), "{form:?} is not certain: {haystack:?}");
    }
    let found = word.forms.iter().any(is_candidate) && word.forms.iter().any(is_confirmed);
    assert_eq!(found, word.forms.iter().any(is_confirmed), "{word:?} finds no candidate: {haystack:?}");
    found
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
        for text in [initials(&name), pinyin::initials(&name, Kind::Company), pinyin::initials(&company, Kind::Company)] {
            let part: String = text.chars().skip(start % text.len().max(1)).take(length).collect();
            for word in query(&part).words {
                prop_assert!(finds(&word, &terms, &haystack), "{word:?} of {part:?} in {haystack:?}");
            }
        }
    }

    #[test]
    fn every_part_of_the_pinyin_is_found(name in NAME, start in 0_usize..20, length in 1_usize..20) {
        let (terms, haystack) = (terms(&name, ""), haystack(&name, ""));
        for reading in pinyin::readings(&name, Kind::Name) {
            let line = reading.syllables().to_lowercase();
            let syllables: Vec<&str> = line.split([SYLLABLE, GAP]).filter(|syllable| !syllable.is_empty()).collect();
            let from = line.split(GAP).max_by_key(|run| run.len()).unwrap_or_default();
            let run: Vec<&str> = from.split(SYLLABLE).filter(|syllable| !syllable.is_empty()).collect();
            prop_assert!(syllables.len() >= run.len());
            let part: String = run.iter().skip(start % run.len().max(1)).flat_map(|syllable| syllable.chars()).take(length).collect();
            // Parted as read: typed without signs, some words of many syllables can be cut in more ways than are followed.
            let parted = run.iter().skip(start % run.len().max(1)).take(length).copied().collect::<Vec<_>>().join("'");
            for text in [part.chars().take(12).collect::<String>(), parted.chars().take(64).collect()] {
                for word in query(&text).words {
                    prop_assert!(finds(&word, &terms, &haystack), "{word:?} of {text:?} in {haystack:?}");
                }
            }
        }
    }

    #[test]
    fn a_prefix_range_holds_just_what_begins_so(prefix in "[a王\u{d7ff}\u{10ffff}]{1,3}", text in "[a王\u{d7ff}\u{e000}\u{10ffff}]{0,3}") {
        let is_inside = prefix <= text && text < prefix_end(&prefix);
        prop_assert_eq!(is_inside, text.starts_with(&prefix));
    }

    #[test]
    fn any_search_is_cut_into_words(text in "\\PC{0,80}") {
        let words = query(&text).words;
        prop_assert!(words.len() <= 8 && words.iter().all(|word| word.forms.iter().all(|form| !form.text.is_empty() && !form.text.contains(' '))));
    }

    #[test]
    fn the_last_digits_of_a_phone_find_it(number in "1[3-9][0-9]{9}|0[2-9][0-9]{9,10}|[0-9]{4,14}", length in 4_usize..14) {
        let stored = Phone::parse(&number, &CHINA).unwrap().tail();
        let national: String = stored.chars().rev().collect();
        let typed = national.get(national.len().saturating_sub(length)..).unwrap();
        if typed.len() >= SHORTEST_DIGITS {
            let tail = query(typed).words[0].tails[0].clone();
            prop_assert!(stored.starts_with(&tail), "{typed} of {stored} is looked up by {tail}");
        }
    }
}

#[test]
fn a_word_is_each_of_the_numbers_in_it() {
    let both = ["53000001631", "63000001631"];
    for text in [
        "13610000035/36",
        "13610000035;13610000036",
        "13610000035，13610000036",
        "13610000035、36",
        "13610000035|13610000036",
        "13610000035或13610000036",
        "13610000035 13610000036",
        "+86 136 1000 0035 / 13610000036",
        "13610000036;13610000035;",
    ] {
        let words = query(text).words;
        assert_eq!((words.len(), &words[0].tails[..]), (1, &both.map(str::to_owned)[..]), "{text}");
        let words = query_of_masked(text, &CHINA, 4).words;
        let keys: BTreeSet<&str> = words.iter().flat_map(|word| &word.keys).map(String::as_str).collect();
        assert_eq!((words.len(), keys), (1, BTreeSet::from(["+8613610000035", "+8613610000036"])), "{text}");
    }
    // A line with extensions, however they are said.
    for text in ["010-88886666转8001/8002", "010-88886666 转 8001", "0571-88886666转8001", "0571-8888 6666 ext. 8001"]
    {
        let line = text.split(['转', 'e']).next().unwrap().trim();
        assert_eq!(query(text).words.len(), 1, "{text}");
        assert_eq!(query(text).words[0].tails, query(line).words[0].tails, "{text}");
    }
    let words = query("王芳 13610000035/36").words;
    assert_eq!((words.len(), words[1].tails.len()), (2, 2));
    // Less than whole numbers are words that all have to match, unless they are one.
    assert_eq!(query("0035 0036 0037 0038").words.len(), 4);
    assert_eq!(query("0035 0036").words.len(), 1);
}

#[test]
fn who_sees_the_last_four_digits_searches_by_them_or_by_the_whole_number() {
    let words = |text: &str| {
        let words = query_of_masked(text, &CHINA, 4).words;
        let text = |word: &Word| word.forms.first().map(|form| form.text.clone());
        let one = |numbers: &[String]| numbers.first().cloned();
        words.iter().map(|word| (text(word), one(&word.tails), one(&word.keys), word.forms.len())).collect::<Vec<_>>()
    };
    let number =
        |tail: Option<&str>, key: Option<&str>| vec![(None, tail.map(str::to_owned), key.map(str::to_owned), 0)];
    assert_eq!(words("5678"), number(Some("8765"), None));
    assert_eq!(words("45678"), number(None, Some("45678")));
    // Not by the last six digits behind a country code, either.
    assert_eq!(words("+1 345678"), number(None, Some("+1345678")));
    for whole in ["13812345678", "138-1234-5678", "+86 138 1234 5678", "１３８１２３４５６７８"] {
        assert_eq!(words(whole)[0].2.as_deref(), Some("+8613812345678"), "{whole}");
    }
    assert_eq!(words("567"), []);
    let texts = |text: &str| words(text).into_iter().filter_map(|word| word.0).collect::<Vec<_>>();
    assert_eq!(texts("张三138 第7分店 12"), ["张三", "第", "分店"]);
    assert_eq!(words("张1").first().map(|word| word.3), Some(1));
}
