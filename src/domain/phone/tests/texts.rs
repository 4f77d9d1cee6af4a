//! What is written around numbers, and between several of them.

use super::*;

#[test]
fn addresses_of_telephone_systems() {
    for typed in [
        "sip:13900112233@10.0.0.1;user=phone",
        "sip:13900112233@10.0.0.1:5060;transport=udp",
        "sips:13900112233@example.com?subject=801",
        "\"王芳\" <sip:+8613900112233@ims.mnc000.mcc460.3gppnetwork.org>;tag=88886666",
        "王芳 <13900112233>",
        "<tel:13900112233>",
        "sip:%2B8613900112233@10.0.0.1",
        "sip:13900112233;phone-context=+86@10.0.0.1",
        "sip:13900112233:secret1@10.0.0.1",
        "SIP:13900112233",
        "tel:13900112233;phone-context=+86",
        "tel:+86-139-0011-2233;isub=1234",
        "13900112233@gsm1",
        "13900112233@ims.mnc000.mcc460.3gppnetwork.org",
        "13900112233:5060",
        "13900112233;user=phone",
        "13900112233;",
        "callto:13900112233",
        "TEL:13900112233",
    ] {
        assert_eq!(keys(typed), ["+8613900112233"], "{typed}");
    }
    assert_eq!(keys("tel:13900112233;ext=801"), ["+8613900112233;ext=801"]);
    assert_eq!(keys("tel:02188886666;phone-context=+86"), ["+862188886666"]);
    assert_eq!(parse("sip:13900112233@10.0.0.1;user=phone").typed, "13900112233");
    for nobody in [
        "sip:anonymous@anonymous.invalid",
        "sip:anonymous@10.0.0.1:5060",
        "unavailable",
        "Restricted",
        "",
        "无",
        "sip:@10.0.0.1",
    ] {
        assert_eq!(read(nobody, &CHINA), Err(Unreadable::NoNumber), "{nobody}");
    }
    for other in ["user01@qq.com", "sip:user01@10.0.0.1", "sip:wang.fang2@example.com"] {
        assert_eq!(read(other, &CHINA), Err(Unreadable::NotANumber), "{other}");
    }
}

#[test]
fn several_numbers_in_one_text() {
    for parted in [";", ",", "/", "、", "|", "\\", "或", "\t", "\n", " ", "；", "，", " / ", " 或 ", "; ", "  "] {
        let typed = format!("13610000035{parted}021-88886666");
        assert_eq!(keys(&typed), ["+8613610000035", "+862188886666"], "{typed}");
        let typed = format!("13610000035{parted}13610000036{parted}13610000037");
        assert_eq!(keys(&typed), ["+8613610000035", "+8613610000036", "+8613610000037"], "{typed}");
    }
    for (typed, expected, contents) in [
        ("13610000035/36", &["+8613610000035", "+8613610000036"][..], &["13610000035", "13610000036"][..]),
        (
            "13610000035、36、37",
            &["+8613610000035", "+8613610000036", "+8613610000037"],
            &["13610000035", "13610000036", "13610000037"],
        ),
        (
            "010-88886666转8001/8002",
            &["+861088886666;ext=8001", "+861088886666;ext=8002"],
            &["010-88886666转8001", "+861088886666转8002"],
        ),
        ("010-88886666/7", &["+861088886666", "+861088886667"], &["010-88886666", "01088886667"]),
        ("010-88886666、88887777", &["+861088886666", "+861088887777"], &["010-88886666", "01088887777"]),
        ("95588、95566", &["95588", "95566"], &["95588", "95566"]),
        ("110/119/120", &["110", "119", "120"], &["110", "119", "120"]),
        ("+8613610000035 +85223456789", &["+8613610000035", "+85223456789"], &["+8613610000035", "+85223456789"]),
        (
            "13610000035（王芳） 13610000036（李明）",
            &["+8613610000035", "+8613610000036"],
            &["13610000035", "13610000036"],
        ),
        (
            "13610000035-1234;13610000036",
            &["+8613610000035;ext=1234", "+8613610000036"],
            &["13610000035-1234", "13610000036"],
        ),
        ("021/88886666", &["+862188886666"], &["021/88886666"]),
        ("138 1000 0035", &["+8613810000035"], &["138 1000 0035"]),
    ] {
        assert_eq!(keys(typed), expected, "{typed}");
        let typed_anew: Vec<String> = read(typed, &CHINA).unwrap().into_iter().map(|phone| phone.typed).collect();
        assert_eq!(typed_anew, contents, "{typed}");
    }
    for refused in ["13610000035/不详1", "13610000035;801x2", "13000000001 999999"] {
        assert_eq!(read(refused, &CHINA), Err(Unreadable::NotANumber), "{refused}");
    }
}

#[test]
fn numbers_as_spreadsheets_write_them() {
    for typed in [
        "13512345678.0",
        "13512345678.00",
        "1.3512345678E+10",
        "1.3512345678e10",
        "'13512345678",
        "’13512345678",
        "１３５１２３４５６７８.0",
    ] {
        assert_eq!(keys(typed), ["+8613512345678"], "{typed}");
        assert_eq!(parse(typed).typed.chars().map(half_width).collect::<String>(), "13512345678", "{typed}");
    }
    assert_eq!(keys("1.35E+2"), ["135"]);
    for (typed, why) in [
        ("1.36E+10", Unreadable::Rounded),
        ("1.351234568E+10", Unreadable::Rounded),
        ("1E10", Unreadable::Rounded),
        ("13512345678.5", Unreadable::Quantity),
        ("-13512345678", Unreadable::Quantity),
        ("-1.3512345678E+10", Unreadable::Quantity),
        ("1.3512345678E-3", Unreadable::Quantity),
        ("1234567890123456", Unreadable::NotANumber),
    ] {
        assert_eq!(read(typed, &CHINA), Err(why), "{typed}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "微信abc777",
        "QQ:777",
        "user01@qq.com",
        "前台3",
        "1371234O099",
        "2017-05-03",
        "2017/5/3",
        "2017年5月3日",
        "0",
        "00000000000",
        "12",
        "电话1",
        "138****7777",
        "1389****0001",
        "abc",
        "WX_88886666x9y",
        "888899990000111122",
    ] {
        let read = read(text, &CHINA);
        assert!(matches!(read, Err(Unreadable::NotANumber | Unreadable::NoNumber)), "{text} {read:?}");
    }
    assert_eq!(parse("\u{202d}1390011\u{200b}2233\u{202c}\u{feff}").typed, "13900112233");
}
