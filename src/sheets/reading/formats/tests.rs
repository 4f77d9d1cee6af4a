use jiff::ToSpan;

use super::*;

fn shown(code: &str, number: &str) -> Result<String, Unshown> {
    Format::parse(code).show(number, Epoch::Year1900)
}

#[test]
fn numbers_are_read_as_they_show() {
    for (code, number, expected) in [
        ("General", "1.3900000001E10", "13900000001"),
        ("General", "0.30000000000000004", "0.3"),
        ("General", "-2.5", "-2.5"),
        ("General", "1E-5", "0.00001"),
        ("General", "0", "0"),
        ("G/通用格式", "7", "7"),
        ("General\"元\"", "7", "7元"),
        ("0", "2.5", "3"),
        ("0.00", "2.675", "2.68"),
        ("0.00", "0.004", "0.00"),
        ("0.00", "-0.004", "0.00"),
        ("0.00", "99.999", "100.00"),
        ("0.0##", "1.25", "1.25"),
        ("#.##", "12", "12"),
        ("00000000000", "138", "00000000138"),
        ("00000000000", "13800138000", "13800138000"),
        ("000-0000-0000", "13800138000", "138-0013-8000"),
        ("#,##0", "1234567", "1234567"),
        ("#,##0.00", "-1234.5", "-1234.50"),
        ("#,##0_);(#,##0)", "-1234", "(1234)"),
        ("0.00_ ;[Red]0.00 ", "-3", "-3.00"),
        ("0.00_ ;[Red]\\-0.00\\ ", "-3", "-3.00"),
        ("[$¥-804]#,##0.00", "1234.5", "¥1234.50"),
        ("_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * \"-\"??_ ;_ @_ ", "0", "0"),
        ("_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * \"-\"??_ ;_ @_ ", "-5", "-5.00"),
        ("\"是\";;\"否\"", "1", "是"),
        ("\"是\";;\"否\"", "0", "否"),
        ("0%", "0.125", "13%"),
        ("0.0%", "0.125", "12.5%"),
        ("0.00E+00", "13900000001", "13900000001"),
        ("@", "42", "42"),
        ("0\"台\"", "3", "3台"),
    ] {
        assert_eq!(shown(code, number).as_deref(), Ok(expected), "{code} of {number}");
    }
}

#[test]
fn dates_and_times_have_one_spelling() {
    for (code, number, expected) in [
        ("yyyy-mm-dd", "42858.61388888889", "2017-05-03"),
        ("m/d/yy h:mm", "42858.61388888889", "2017-05-03 14:44"),
        ("yyyy/m/d h:mm:ss", "42858.61388888889", "2017-05-03 14:44:00"),
        ("yyyy\"年\"m\"月\"d\"日\";@", "42858", "2017-05-03"),
        ("[$-804]yyyy\"年\"m\"月\"d\"日\"\\ dddd", "42858", "2017-05-03"),
        ("[DBNum1][$-804]yyyy\"年\"m\"月\"d\"日\"", "42858", "2017-05-03"),
        ("yyyy年m月d日", "42858", "2017-05-03"),
        ("上午/下午h\"时\"mm\"分\"", "0.75", "18:00"),
        ("h:mm AM/PM", "42858.75", "18:00"),
        ("yyyy-mm-dd hh:mm:ss.000", "42858.999999999", "2017-05-04 00:00:00"),
        ("mm:ss", "0.01", "00:14:24"),
        ("[h]:mm:ss", "1.5", "36:00:00"),
        ("[mm]:ss", "0.5", "12:00:00"),
        ("mmm-yy", "42858", "2017-05-03"),
        ("yyyy-mm-dd", "1", "1900-01-01"),
        ("yyyy-mm-dd", "59", "1900-02-28"),
        ("yyyy-mm-dd", "61", "1900-03-01"),
        ("yyyy-mm-dd", "2958465", "9999-12-31"),
    ] {
        assert_eq!(shown(code, number).as_deref(), Ok(expected), "{code} of {number}");
    }
    for id in [14, 15, 16, 17, 22, 27, 28, 30, 31, 36, 50, 57, 58] {
        assert!(Format::built_in(id).show("42858", Epoch::Year1900).unwrap().starts_with("2017-05-03"), "{id}");
    }
    for id in [18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56] {
        assert!(Format::built_in(id).show("0.5", Epoch::Year1900).unwrap().starts_with("12:00"), "{id}");
    }
    assert_eq!(Format::built_in(14).show("41396", Epoch::Year1904).as_deref(), Ok("2017-05-03"));
    assert_eq!(Format::built_in(14).show("0", Epoch::Year1904).as_deref(), Ok("1904-01-01"));
    assert_eq!(Format::built_in(14).show_iso("2017-05-03T14:44:00").as_deref(), Ok("2017-05-03"));
    assert_eq!(Format::built_in(22).show_iso("2017-05-03T14:44:00Z").as_deref(), Ok("2017-05-03 14:44"));
    assert_eq!(Format::built_in(0).show_iso("2017-05-03").as_deref(), Ok("2017-05-03"));
}

#[test]
fn what_cannot_be_shown_is_refused() {
    for (code, number, expected) in [
        ("# ?/?", "2.5", Unshown::Format),
        ("[>100]0;0.0", "2.5", Unshown::Format),
        ("0.0,\"K\"", "2500", Unshown::Format),
        ("[DBNum2]0", "2", Unshown::Format),
        (";;;", "2", Unshown::Format),
        ("General", "440301199001011234", Unshown::Digits),
        ("0", "1.23456789012346E+19", Unshown::Digits),
        ("yyyy-mm-dd", "60", Unshown::Date),
        ("yyyy-mm-dd", "0", Unshown::Date),
        ("yyyy-mm-dd", "-1", Unshown::Date),
        ("yyyy-mm-dd", "2958466", Unshown::Date),
        ("yyyy-mm-dd", "1e300", Unshown::Date),
    ] {
        assert_eq!(shown(code, number), Err(expected), "{code} of {number}");
    }
    assert_eq!(Format::built_in(12).show("2.5", Epoch::Year1900), Err(Unshown::Format));
}

proptest::proptest! {
    #[test]
    fn no_code_and_no_number_does_harm(code in "[0#?.,;%@ymdhsaeEgG+/\"\\\\_*!\\[\\]<>$红年 -]{0,20}", number: f64) {
        if let Ok(shown) = shown(&code, &number.to_string()) {
            proptest::prop_assert!(shown.len() < 1000);
        }
    }

    #[test]
    fn whole_numbers_and_days_are_exact(number in 0..1_000_000_000_000_000_i64, day in 61..2_958_466_i64) {
        proptest::prop_assert_eq!(shown("General", &number.to_string()).unwrap(), number.to_string());
        proptest::prop_assert_eq!(shown("#,##0", &format!("{number}.0")).unwrap(), number.to_string());
        let date = Date::constant(1899, 12, 30).checked_add(day.days()).unwrap();
        proptest::prop_assert_eq!(shown("yyyy/m/d", &day.to_string()).unwrap(), date.to_string());
    }
}

#[test]
fn a_stored_time_is_one_of_the_day_unless_its_hours_are_shown() {
    for (stored, shown, expected) in [
        ("PT14H44M00S", "02:44 PM", "14:44"),
        ("PT03H00M00S", "3:00:00", "03:00:00"),
        ("PT24H24M00S", "0:24", "00:24"),
        ("PT1028606H44M00S", "14:44", "14:44"),
        ("PT1028606H44M00S", "14:44:00", "14:44:00"),
        ("PT1028606H44M00S", "下午2时44分", "14:44:00"),
        ("PT1028606H44M00S", "1028606:44:00", "1028606:44:00"),
        ("PT48H00M00S", "48:00", "48:00"),
    ] {
        assert_eq!(time(stored, shown), Ok(expected.to_owned()), "{stored} {shown}");
    }
    for stored in ["-PT120H00M00S", "14:44", "PT9999999999999999999H"] {
        assert_eq!(time(stored, "0:00"), Err(Unshown::Date), "{stored}");
    }
}
