#!/usr/bin/env python3
"""Writes src/domain/phone/countries.tsv: how each country writes its telephone numbers.

The rules are those of libphonenumber (Apache-2.0), taken from the PyPI package `phonenumbers`:

    python3 -m venv /tmp/numbers && /tmp/numbers/bin/pip install phonenumbers==9.0.43
    /tmp/numbers/bin/python scripts/countries.py > src/domain/phone/countries.tsv

One country a line, its main one first where several share a calling code. The columns are the ISO code, the calling
code, the prefix for calls abroad, the national prefix, the rule that makes of it a number without (`$1` for a group),
and what a whole national number is like; the patterns are regular expressions.
"""

import re

import phonenumbers
from phonenumbers import PhoneMetadata


def row(iso):
    country = PhoneMetadata.metadata_for_region(iso)
    rule = re.sub(r"\\(\d)", r"$\1", country.national_prefix_transform_rule or "")
    pattern = country.general_desc.national_number_pattern
    columns = [iso, str(country.country_code), country.international_prefix or "",
               country.national_prefix_for_parsing or "", rule, pattern]
    assert not any("\t" in column or "\n" in column for column in columns), iso
    return columns


def main():
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    # The first of those that share a calling code is the main one.
    ordered = [iso for code in sorted(regions) for iso in regions[code] if iso != "001"]
    print("# Written by scripts/countries.py from libphonenumber's metadata (Apache-2.0), version", phonenumbers.__version__)
    for iso in ordered:
        print("\t".join(row(iso)))


main()
