use proptest::prelude::*;

use super::*;

fn shanghai() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

#[test]
fn minutes_and_iso_are_written_as_the_document_prints_them() {
    let at = parse("2016-03-02T15:04:05.000+08:00", &shanghai()).unwrap();
    assert_eq!(to_iso(at, &shanghai()), "2016-03-02T15:04:05.000+08:00");
    assert_eq!(to_minute(at, &shanghai()), "2016-03-02 15:04");
    assert_eq!(to_iso(at + 7_000, &TimeZone::UTC), "2016-03-02T07:04:05.007+00:00");
}

#[test]
fn one_time_is_read_in_all_its_forms() {
    for text in [
        "2017-05-03 14:44",
        "2017-05-03T14:44:00",
        " 2017-05-03 14:44:00 ",
        "2017-05-03T06:44:00Z",
        "2017-05-03 06:44:00.000000Z",
        "2017-05-03T14:44+08:00",
        "2017-05-03T14:44:00+0800",
        "2017-05-03 14:44:00 +08",
        "2017-05-03T14:44:00,000+08:00[Asia/Shanghai]",
        "2017-05-03 06:44:00 UTC",
        "2017-05-03T02:44:00-04:00",
        "2017/5/3 14:44",
        "2017/05/03 14:44:00",
        "2017/5/3 下午2:44:00",
        "2017/5/3 下午 02:44",
        "2017/5/3 2:44 PM",
        "2017.5.3 14:44",
        "2017年5月3日 14:44",
        "2017年5月3日14时44分",
        "2017年05月03日 14点44分00秒",
        "２０１７－０５－０３　１４：４４",
        "20170503144400",
        "20170503T144400",
        "20170503T064400Z",
        "20170503 14:44",
        "1493793840",
        "1493793840.000",
        "1493793840000",
    ] {
        let at = parse(text, &shanghai()).unwrap_or_else(|why| panic!("{text}: {why:?}"));
        assert_eq!(to_second(at, &shanghai()), "2017-05-03 14:44:00", "{text}");
    }
    for text in [
        "2017-05-03",
        "2017/5/3",
        "2017.5.3",
        "2017年5月3日",
        "2017年5月3号",
        "20170503",
        "2017-5-3 上午0:00",
        "2017-5-3 12:00 am",
    ] {
        assert_eq!(to_second(parse(text, &shanghai()).unwrap(), &shanghai()), "2017-05-03 00:00:00", "{text}");
        assert_eq!(date(text, &shanghai()).unwrap().to_string(), "2017-05-03", "{text}");
    }
    // The day is the company's.
    assert_eq!(date("2017-05-02T23:00:00Z", &shanghai()).unwrap().to_string(), "2017-05-03");
    assert_eq!(parse("1493793840.5", &shanghai()), Ok(1_493_793_840_500_000));
    assert_eq!(parse("2017-05-03T14:44:00.1234567+08:00", &shanghai()), Ok(1_493_793_840_123_456));
}

#[test]
fn what_has_no_one_meaning_is_refused_with_what_is_allowed() {
    for (text, why) in [
        ("17-05-03", Unclear::Year),
        ("17/5/3 14:44", Unclear::Year),
        ("17年5月3日", Unclear::Year),
        ("5/3/2017", Unclear::Year),
        ("0001-01-01T00:00:00Z", Unclear::Year),
        ("2017-02-31", Unclear::Day),
        ("2017/2/29 10:00", Unclear::Day),
        ("2017年13月1日", Unclear::Day),
        ("0000-00-00 00:00:00", Unclear::Year),
        ("20170231", Unclear::Day),
        ("2017-05-03 24:00", Unclear::Clock),
        ("2017-05-03 14:60", Unclear::Clock),
        ("2017-05-03 14:44:61", Unclear::Clock),
        ("2017-05-03 上午14:44", Unclear::Clock),
        ("2017-05/03", Unclear::Form),
        ("2017-05", Unclear::Form),
        ("2017年5月3", Unclear::Form),
        ("2017-05-03 14", Unclear::Form),
        ("2017-05-03 14:44 tomorrow", Unclear::Form),
        ("2017-05-03 14:44+99:00", Unclear::Form),
        ("", Unclear::Form),
        ("yesterday", Unclear::Form),
        ("25:00", Unclear::Form),
        // Of these it is not sure what they count.
        ("42858", Unclear::Form),
        ("149379384", Unclear::Form),
        ("99999999999", Unclear::Form),
        ("1493793840000.5", Unclear::Form),
        ("-1493793840", Unclear::Form),
    ] {
        assert_eq!(parse(text, &shanghai()), Err(why), "{text}");
        let told = why.to_string();
        assert!(told.contains(" / ") && told.contains("2017-05-03T14:44:00+08:00"), "{told}");
    }
}

#[test]
fn a_time_that_the_clock_left_out_moves_forward() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let read = |text: &str| to_second(parse(text, &berlin).unwrap(), &berlin);
    assert_eq!(read("2024-03-31 02:30"), "2024-03-31 03:30:00");
    // Of an hour that comes twice, the first.
    assert_eq!(parse("2024/10/27 02:30", &berlin), parse("2024-10-27T02:30+02:00", &berlin));
}

/// The forms in which a second is written, with and without a zone of its own.
fn forms(at: &jiff::Zoned) -> (Vec<String>, Vec<String>) {
    let (h12, half, zh) = (
        if at.hour() % 12 == 0 { 12 } else { at.hour() % 12 },
        if at.hour() < 12 { "am" } else { "PM" },
        if at.hour() < 12 { "上午" } else { "下午" },
    );
    let (y, mo, d, h, mi, s) = (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second());
    let local = vec![
        at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        at.strftime("%Y%m%d%H%M%S").to_string(),
        at.strftime("%Y年%m月%d日 %H时%M分%S秒").to_string(),
        format!("{y}/{mo}/{d} {h}:{mi:02}:{s:02}"),
        format!("{y}.{mo}.{d} {h}:{mi}:{s}"),
        format!("{y}年{mo}月{d}日{h}点{mi}分{s}秒"),
        format!("{y}/{mo}/{d} {zh}{h12}:{mi:02}:{s:02}"),
        format!("{y}-{mo}-{d} {h12}:{mi:02}:{s:02} {half}"),
    ];
    let own = vec![
        at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        at.strftime("%Y/%m/%d %H:%M:%S.000 %z").to_string(),
        at.timestamp().to_string(),
        at.timestamp().as_second().to_string(),
        at.timestamp().as_millisecond().to_string(),
    ];
    (local, own)
}

proptest! {
    #[test]
    fn every_form_of_a_time_is_that_time(second in 1_000_000_000_i64..9_999_999_999, zone in 0_usize..4) {
        let zone = TimeZone::get(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"][zone]).unwrap();
        let at = Timestamp::from_second(second).unwrap().to_zoned(zone.clone());
        let (local, own) = forms(&at);
        for text in own {
            prop_assert_eq!(parse(&text, &zone), Ok(second * SECOND), "{}", text);
        }
        // A local time may come twice.
        let first = zone.to_timestamp(at.datetime()).unwrap().as_microsecond();
        for text in local {
            prop_assert_eq!(parse(&text, &zone), Ok(first), "{}", text);
        }
    }

    #[test]
    fn a_short_year_or_a_day_that_there_is_not_is_refused(year in 0_i16..100, month in 1_i8..=12, day in 29_i8..=40, sign in "[-/.]") {
        prop_assert_eq!(parse(&format!("{year:02}{sign}{month}{sign}1"), &shanghai()), Err(Unclear::Year));
        let year = 2000 + year;
        let exists = jiff::civil::Date::new(year, month, day).is_ok();
        let read = parse(&format!("{year}{sign}{month}{sign}{day}"), &shanghai());
        prop_assert_eq!(read.is_ok(), exists);
        prop_assert!(exists || read == Err(Unclear::Day));
    }

    #[test]
    fn any_text_is_a_time_or_refused(text in "\\PC{0,30}|[0-9年月日时分秒上下午/.:TZ +-]{0,30}") {
        let _ = parse(&text, &shanghai());
    }
}

proptest! {
    #[test]
    fn times_are_written_as_the_library_writes_them(
        micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000,
        zone in prop::sample::select(vec!["Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia", "UTC"]),
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let at = jiff::Timestamp::from_microsecond(micros).unwrap().to_zoned(zone.clone());
        prop_assert_eq!(to_minute(micros, &zone), at.strftime("%Y-%m-%d %H:%M").to_string());
        prop_assert_eq!(to_second(micros, &zone), at.strftime("%Y-%m-%d %H:%M:%S").to_string());
        prop_assert_eq!(to_iso(micros, &zone), at.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string());
    }
}
