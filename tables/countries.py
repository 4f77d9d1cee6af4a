"""Writes countries.tsv, how each country writes its telephone numbers.

    target/python/bin/python tables/countries.py            # writes
    target/python/bin/python tables/countries.py --check    # fails when what is there is not what would be written

The rules are those of libphonenumber (Apache-2.0), as the Python package phonenumbers has them. One country a line, the
main one first where several share a calling code: ISO code, calling code, prefix for calls abroad, national prefix, the
rule that makes of it a number without ($1 for a group), and what a whole national number is like. The patterns are regular
expressions.
"""

import re
import sys
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata

TABLE = Path(__file__).resolve().parent / "countries.tsv"


def row(iso):
    country = PhoneMetadata.metadata_for_region(iso)
    rule = re.sub(r"\\(\d)", r"$\1", country.national_prefix_transform_rule or "")
    columns = [iso, str(country.country_code), country.international_prefix or "",
               country.national_prefix_for_parsing or "", rule, country.general_desc.national_number_pattern]
    assert not any("\t" in column or "\n" in column for column in columns), iso
    return "\t".join(columns) + "\n"


def table():
    head = f"# Written by tables/countries.py from libphonenumber's metadata (Apache-2.0), version {phonenumbers.__version__}\n"
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    # The first of those that share a calling code is the main one.
    return head + "".join(row(iso) for code in sorted(regions) for iso in regions[code] if iso != "001")


def main():
    if "--check" not in sys.argv:
        TABLE.write_text(table(), encoding="utf-8")
    elif TABLE.read_text(encoding="utf-8") != table():
        sys.exit("tables/countries.tsv: 与 tables/countries.py 的结果不同 / is not what tables/countries.py writes")


if __name__ == "__main__":
    main()
