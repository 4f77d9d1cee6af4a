//! The provinces of China: what an address begins with.
//!
//! Source: GB/T 2260, whose codes begin with these two digits.

static PROVINCES: [(&str, &str); 34] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
];

/// Returns the code and the name of the province with whose whole name an address begins. Short names are left alone:
/// a street can be called 北京路.
#[must_use]
pub fn province_of(address: &str) -> Option<(&'static str, &'static str)> {
    PROVINCES.into_iter().find(|(_, name)| address.trim_start().starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_begins_with_its_province() {
        assert_eq!(province_of("上海市黄埔区皇后大道东29号"), Some(("31", "上海市")));
        assert_eq!(province_of(" 广西壮族自治区南宁市"), Some(("45", "广西壮族自治区")));
        assert_eq!(province_of("北京路12号"), None);
        assert_eq!(province_of(""), None);
    }
}
