use super::*;

fn of(text: &str, kind: Kind) -> Vec<String> {
    readings(text, kind).iter().map(|reading| reading.syllables().replace(SYLLABLE, "'").replace(GAP, "-")).collect()
}

fn of_name(name: &str) -> Vec<String> {
    of(name, Kind::Name)
}

#[test]
fn initials_of_companies_and_people() {
    let company = |text: &str| initials(text, Kind::Company);
    assert_eq!(company("北京天润科技有限公司"), "bjtrkjyxgs");
    assert_eq!(company("A1 公司 (广州)"), "a1gsgz");
    assert_eq!(company("重庆长城银行"), "cqccyh");
    assert_eq!(company("重慶長城銀行"), "cqccyh");
    assert_eq!(company("厦门大厦"), "xmds");
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
        ("長孫偉", "zsw"),
        ("John 王", "johnw"),
    ] {
        assert_eq!(initials(name, Kind::Name), expected, "{name}");
    }
}

#[test]
fn surnames_are_read_as_such_and_as_usual() {
    for (name, both) in [
        ("单伟", ["'SHAN'WEI", "'DAN'WEI"]),
        ("解放", ["'XIE'FANG", "'JIE'FANG"]),
        ("仇英", ["'QIU'YING", "'CHOU'YING"]),
        ("曾伟", ["'ZENG'WEI", "'CENG'WEI"]),
        ("尉迟恭", ["'YU'CHI'GONG", "'WEI'CHI'GONG"]),
        ("查理", ["'ZHA'LI", "'CHA'LI"]),
    ] {
        assert_eq!(of_name(name), both, "{name}");
    }
    assert_eq!(of_name("吕布"), ["'LV'BU"]);
}

#[test]
fn words_decide_and_what_they_leave_open_stays_open() {
    assert_eq!(of_name("重庆长城"), ["'CHONG'QING'CHANG'CHENG"]);
    let reading = |text: &str| of(text, Kind::Company);
    assert_eq!(reading("长行"), ["'ZHANG'XING", "'CHANG'XING", "'ZHANG'HANG", "'CHANG'HANG"]);
    assert_eq!(reading("王A芳b1"), ["'WANG-'FANG-"]);
    assert_eq!(reading("Ltd."), [""]);
    assert_eq!(reading("长行重乐朝").len(), MOST_READINGS);
    // Written traditionally it is qián, simplified gān as well.
    assert_eq!(reading("乾坤"), ["'QIAN'KUN", "'GAN'KUN"]);
}

/// As an address book sorts them.
const SORTED: [&str; 62] = [
    "",
    "(空)",
    "12号店",
    "Alan",
    "bob",
    "阿强",
    "艾伦",
    "安宁",
    "白雪",
    "蔡明",
    "曹操",
    "岑参",
    "陈晨",
    "成龙",
    "程龙",
    "重庆",
    "楚天",
    "邓超",
    "丁一",
    "范冰",
    "方圆",
    "甘露",
    "高兴",
    "龚明",
    "郭靖",
    "韩梅",
    "黄蓉",
    "金庸",
    "康明",
    "孔明",
    "李白",
    "李丽",
    "李伟",
    "刘备",
    "卢俊",
    "吕布",
    "栾平",
    "罗成",
    "马超",
    "区宁",
    "欧阳修",
    "潘安",
    "秦明",
    "覃芳",
    "仇英",
    "任芳",
    "单雄信",
    "沈括",
    "孙权",
    "谭咏",
    "汪洋",
    "王 芳",
    "王芳",
    "解缙",
    "尉迟恭",
    "曾巩",
    "查理",
    "翟志刚",
    "张飞",
    "赵云",
    "郑和",
    "周瑜",
];

#[test]
fn names_are_sorted_by_pinyin_and_tone() {
    let mut names: Vec<&str> = SORTED.iter().rev().copied().collect();
    names.sort_by_cached_key(|name| sort_key(name));
    assert_eq!(names, SORTED);
    assert_eq!(sort_key("楊志永"), "~yang2杨~zhi4志~yong3永");
    assert_eq!(sort_key("杨志永"), sort_key(" 楊 志永").replacen("杨 ", "杨", 1));
    assert!(sort_key(&"壮".repeat(255)).len() < 1000);
}
