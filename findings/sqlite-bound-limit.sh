#!/usr/bin/env bash
# SQLite (since 3.47; seen in 3.51.1 by apsw 3.51.1.0, not in 3.46.1 by apsw 3.46.1.0) compiles a prepared statement again
# at every use when its LIMIT is a bound parameter, even when the same number is bound.
#
# The planner looks at the bound number. A statement that is kept and used for each request thereby costs the parser and
# the planner each time. A parameter in a sum (`limit ?2 + 0`) is not looked at; nor is one of OFFSET.
# Each call of the authorizer is a step of compiling: none of a statement that is used again as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 3.46.1.0 3.51.1.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "apsw==$version"
    "$folder/$version/bin/python" - >> "$folder/seen" <<'PYTHON'
import apsw

steps = 0

def compiling(*_):
    global steps
    steps += 1
    return apsw.SQLITE_OK

for end in ["limit 5", "limit ?2", "limit ?2 + 0", "limit 5 offset ?2"]:
    database = apsw.Connection(":memory:")
    database.execute("create table person (id integer primary key, tenant integer, name text)")
    database.authorizer = compiling
    statement = "select id from person where tenant = ?1 " + end
    again = []
    for _ in range(3):
        steps = 0
        list(database.execute(statement, (1, 5) if "?2" in end else (1,)))
        again.append("compiled" if steps else "kept")
    print(apsw.sqlite_lib_version() if hasattr(apsw, "sqlite_lib_version") else apsw.sqlitelibversion(), "|", end, "|", *again)
PYTHON
done
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
3.46.1 | limit 5 | compiled kept kept
3.46.1 | limit ?2 | compiled kept kept
3.46.1 | limit ?2 + 0 | compiled kept kept
3.46.1 | limit 5 offset ?2 | compiled kept kept
3.51.1 | limit 5 | compiled kept kept
3.51.1 | limit ?2 | compiled compiled compiled
3.51.1 | limit ?2 + 0 | compiled kept kept
3.51.1 | limit 5 offset ?2 | compiled kept kept
SEEN
