#!/usr/bin/env bash
# libphonenumber (the Python port, phonenumbers 9.0.43) reads the second of two numbers as an extension.
#
# Telephone lists part two numbers of one person with a semicolon. libphonenumber takes the semicolon for the mark of an
# extension and gives the first number an extension of eleven digits; the whole counts as valid, so that a check of
# validity lets it through, and the second number is nobody's. With a comma or a slash in its place the same two numbers
# are read otherwise: a slash and the last two digits make one number of thirteen digits, which at least is not valid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import phonenumbers

for text in ["13610000035;13610000036", "13610000035/36"]:
    number = phonenumbers.parse(text, "CN")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    print(text, e164, "extension", number.extension, "valid", phonenumbers.is_valid_number(number))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
13610000035;13610000036 +8613610000035 extension 13610000036 valid True
13610000035/36 +861361000003536 extension None valid False
SEEN
