"""Writes phone_origins.txt, the countries, places and carriers of telephone numbers, and samples of it for the tests.

    python3 -m venv target/python && target/python/bin/python -m pip install -r tests/requirements.txt
    target/python/bin/python tables/phone_origins.py            # writes
    target/python/bin/python tables/phone_origins.py --check    # fails when what is there is not what would be written

The data are those of libphonenumber (Apache-2.0), in Chinese, and the names of countries those of the Unicode CLDR
(Unicode License), as their Python packages have them. The same versions write the same file.
"""

import random
import re
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import phonenumbers
from babel import Locale
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.prefix import _prefix_description_for_number as described

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tables" / "phone_origins.txt"
SAMPLES = ROOT / "tests" / "fixtures" / "phone_origins.tsv"

# A line of ranges stands for all numbers with one beginning, in at most 10 ** DEEPEST parts.
DEEPEST = 3
NOTHING = "--"
# No pattern of leading digits is for more of them.
BEGINNINGS = [f"{digits:0{length}}" for length in range(1, 6) for digits in range(10**length)]

HEAD = f"""\
# 电话号码属于哪个国家或地区、哪个省市、哪家运营商。由 tables/phone_origins.py 生成，请勿手工修改。
# To which country, place and carrier telephone numbers belong. Written by tables/phone_origins.py; not to be edited.
#
# Sources: libphonenumber, Apache License 2.0 (PyPI phonenumbers {version("phonenumbers")}): places and carriers in Chinese;
#   Unicode CLDR, Unicode License v3 (PyPI babel {version("babel")}): names of countries and regions in Chinese;
#   of five ranges of mobiles, the carriers are those of 我国公众移动通信网网号及H0分配情况 (MIIT, 2023).
#
# Each table has its names first: two letters, a tab, and the name; of a place, province and city. Its ranges follow:
# the first digits of numbers, country code included, a tab, and the letters of what they belong to. Where that is
# more than one thing, the numbers are divided by their next digits into 10, 100 or 1000 equal parts: for each, in
# order, the letters ({NOTHING} for none), and behind them how many parts belong to the same, if more than one.
"""

# GB/T 2260, by the short names that libphonenumber has for some.
PROVINCES = {
    "北京": "北京市", "天津": "天津市", "河北": "河北省", "山西": "山西省", "内蒙古": "内蒙古自治区", "辽宁": "辽宁省",
    "吉林": "吉林省", "黑龙江": "黑龙江省", "上海": "上海市", "江苏": "江苏省", "浙江": "浙江省", "安徽": "安徽省",
    "福建": "福建省", "江西": "江西省", "山东": "山东省", "河南": "河南省", "湖北": "湖北省", "湖南": "湖南省",
    "广东": "广东省", "广西": "广西壮族自治区", "海南": "海南省", "重庆": "重庆市", "四川": "四川省", "贵州": "贵州省",
    "云南": "云南省", "西藏": "西藏自治区", "陕西": "陕西省", "甘肃": "甘肃省", "青海": "青海省", "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
}

# Ranges of mobiles of which libphonenumber knows no carrier.
MORE_CARRIERS = {"86146": "中国联通", "86148": "中国移动", "86149": "中国电信", "86162": "中国电信", "86165": "中国移动"}


def in_chinese(data):
    return {prefix: names["zh"] for prefix, names in data.items() if "zh" in names}


def place(name, is_mainland):
    """Splits a place into province and city. Abroad, all is the city."""
    if not is_mainland:
        return ("", name)
    short = next(short for short in PROVINCES if name.startswith(short))
    province = PROVINCES[short]
    city = name.removeprefix(province)
    if city == name:
        city = name.removeprefix(short)
    # Of a municipality, the name says it once; some lists name a city twice.
    cities = list(dict.fromkeys(city.split("、"))) if city else []
    return (province, "、".join(cities) or (province if province.endswith("市") else ""))


def places():
    return {prefix: place(name, prefix.startswith("86")) for prefix, name in in_chinese(GEOCODE_DATA).items()}


def carriers():
    known = in_chinese(CARRIER_DATA)
    assert not MORE_CARRIERS.keys() & known.keys()
    return {prefix: (name,) for prefix, name in (known | MORE_CARRIERS).items()}


def countries():
    """The region of each beginning of numbers. Some regions share a country code: the main one has what no other has
    a beginning for. Canada has none, and is told by the area codes that are valid there."""
    regions = {}
    for code, (main, *others) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if main == "001":
            continue
        regions[str(code)] = main
        for other in others:
            leading = phonenumbers.PhoneMetadata.metadata_for_region(other).leading_digits
            if leading:
                matches = re.compile(leading).fullmatch
                regions |= {f"{code}{digits}": other for digits in BEGINNINGS if matches(digits)}
    for area in range(200, 1000):
        number = phonenumbers.parse(f"+1{area}2345678")
        if phonenumbers.region_code_for_number(number) == "CA":
            regions[f"1{area}"] = "CA"
    return {prefix: (region,) for prefix, region in regions.items()}


def longest(known, digits):
    """What is known of numbers that begin with these digits, by the longest beginning."""
    for length in range(len(digits), 0, -1):
        if digits[:length] in known:
            return known[digits[:length]]
    return None


def lines(known, letters):
    """The lines of ranges, in the order of their numbers."""
    depth = Counter()
    for prefix in known:
        for length in range(len(prefix)):
            depth[prefix[:length]] = max(depth[prefix[:length]], len(prefix) - length)

    def below(prefix):
        deep = depth[prefix]
        if deep > DEEPEST or (deep and not prefix):
            for digit in "0123456789":
                yield from below(prefix + digit)
            return
        parts = [prefix + (f"{part:0{deep}}" if deep else "") for part in range(10**deep)]
        runs = []
        for part in parts:
            code = letters.get(longest(known, part), NOTHING)
            if runs and runs[-1][0] == code:
                runs[-1][1] += 1
            else:
                runs.append([code, 1])
        if len(runs) > 1:
            yield f"{prefix}\t{''.join(code + (str(count) if count > 1 else '') for code, count in runs)}\n"
        elif runs[0][0] != NOTHING:
            yield f"{prefix}\t{runs[0][0]}\n"

    yield from below("")


def table(title, known, codes):
    """One table: codes are the letters of each name."""
    yield f"[{title}]\n"
    for name, code in sorted(codes.items(), key=lambda item: item[1]):
        yield "\t".join([code, *name]) + "\n"
    yield from lines(known, codes)


def lettered(known):
    """Two letters for each name, in the order of the names."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return {name: alphabet[at // 26] + alphabet[at % 26] for at, name in enumerate(sorted(set(known.values())))}


def whole_table():
    names = Locale("zh").territories
    regions = {prefix: (names[region], region) for prefix, (region,) in countries().items()}
    codes = {name: name[1] for name in set(regions.values())}
    by_code = {prefix: name[:1] for prefix, name in regions.items()}
    letters = {name[:1]: code for name, code in codes.items()}
    assert len(letters) == len(codes)
    parts = [HEAD, *table("countries", by_code, letters)]
    for title, known in (("places", places()), ("carriers", carriers())):
        parts += table(title, known, lettered(known))
    return "".join(parts)


def samples():
    """Numbers and what libphonenumber itself answers for them."""
    dice = random.Random(20260101)
    mobiles = [f"+861{dice.randrange(30, 100)}{dice.randrange(10_000):04}0000" for _ in range(400)]
    areas = sorted({prefix for prefix in in_chinese(GEOCODE_DATA) if re.fullmatch(r"86([2-9].*|10)", prefix)})
    landlines = [f"+{prefix}88880000"[:13] for prefix in dice.sample(areas, 100)]
    near = sorted(prefix for prefix in in_chinese(GEOCODE_DATA) | in_chinese(CARRIER_DATA) if not prefix.startswith("86"))
    abroad = [f"+{prefix}00000000"[:12] for prefix in dice.sample(near, 60)]
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"BL", "MF", "CC", "CX", "EH", "GG", "JE", "YT"}):
        if example := phonenumbers.example_number(region):
            abroad.append(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
    for e164 in mobiles + landlines + abroad:
        number = phonenumbers.parse(e164)
        country = phonenumbers.region_code_for_country_code(number.country_code)
        if phonenumbers.is_valid_number(number):
            country = phonenumbers.region_code_for_number(number)
        where = described(GEOCODE_DATA, 9, number, "zh")
        carrier = described(CARRIER_DATA, 9, number, "zh") or longest(MORE_CARRIERS, e164[1:])
        province, city = place(where, number.country_code == 86) if where else ("", "")
        yield "\t".join([e164, country, province, city, carrier or ""]) + "\n"


def main():
    written = {TABLE: whole_table(), SAMPLES: "".join(samples())}
    if "--check" not in sys.argv:
        for path, text in written.items():
            path.write_text(text, encoding="utf-8")
        return
    for path, text in written.items():
        if path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.relative_to(ROOT)}: 与 tables/phone_origins.py 的结果不同 / is not what tables/phone_origins.py writes")


if __name__ == "__main__":
    main()
