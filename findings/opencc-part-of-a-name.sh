#!/usr/bin/env bash
# OpenCC 1.1.9 makes other simplified characters of a part of a name than of the whole.
#
# Its conversion goes by phrases before it goes by characters: 乾坤 is a phrase that keeps its 乾, a 乾 that stands alone
# becomes 干. So the name 李乾坤 stays as it is, while 李乾, which somebody types who looks for it, becomes 李干: a search that
# converts both sides with OpenCC does not find the name by its own beginning. The table of characters alone has no
# such effect.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check OpenCC==1.1.9
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import opencc

simplified = opencc.OpenCC("t2s").convert
name = "李乾坤"
for end in range(1, len(name) + 1):
    part = name[:end]
    print(part, simplified(part), "begins the whole:", simplified(name).startswith(simplified(part)))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
李 李 begins the whole: True
李乾 李干 begins the whole: False
李乾坤 李乾坤 begins the whole: True
SEEN
