#![no_main]
use laidian::domain::number_origin::NumberOrigin;
use laidian::domain::phone::{CHINA, Phone, TAIL};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(phone) = Phone::parse(text, &CHINA) {
        let origin = NumberOrigin::of(&phone);
        assert!(origin.country.is_some() || origin.city.is_none());
        assert!(phone.tail().len() <= TAIL && phone.tail().bytes().all(|byte| byte.is_ascii_digit()));
        if let (Some(e164), None) = (&phone.e164, &phone.extension) {
            assert_eq!(Phone::parse(e164, &CHINA).expect("E.164 is a phone").key(), phone.key());
        }
    }
});
