#!/usr/bin/env bash
# SQLite (3.51.1 by apsw 3.51.1.0) writes the entry of an index again wherever an UPDATE sets a column of it, also to the value
# that it has, and even as `a = a`.
#
# The values are not compared: the entry is deleted and put in again, and the page that it is on goes to the log. A statement
# that stores a whole row, of which one text has changed, thereby writes a page an index. What is left out of the statement
# costs nothing. Here: pages in the log of one UPDATE of one row, of a table with eight indexes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.51.1.0
"$folder/venv/bin/python" - "$folder" > "$folder/seen" <<'PYTHON'
import random
import sys

import apsw

columns = "abcdefgh"
dice = random.Random(7)
database = apsw.Connection(sys.argv[1] + "/people.sqlite")
database.execute("pragma journal_mode = wal")
database.execute(f"create table person (id integer primary key, note text, {', '.join(columns)})")
with database:
    for number in range(20_000):
        values = (number, "-", *(dice.random() for _ in columns))
        database.execute(f"insert into person values ({', '.join('?' * 10)})", values)
for column in columns:
    database.execute(f"create index by_{column} on person ({column})")


def pages(assignments, binds=()):
    database.execute("pragma wal_checkpoint(truncate)")
    logged = []
    database.set_wal_hook(lambda _connection, _name, count: logged.append(count) or apsw.SQLITE_OK)
    database.execute(f"update person set note = note || '!'{assignments} where id = 12345", binds)
    return logged[-1]


row = list(database.execute(f"select {', '.join(columns)} from person where id = 12345"))[0]
print("the note alone |", pages(""))
print("and eight columns to what they are |", pages("".join(f", {column} = ?" for column in columns), row))
print("and eight columns to themselves |", pages("".join(f", {column} = {column}" for column in columns)))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
the note alone | 1
and eight columns to what they are | 9
and eight columns to themselves | 9
SEEN
