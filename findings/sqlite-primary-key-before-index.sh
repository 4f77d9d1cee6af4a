#!/usr/bin/env bash
# SQLite (3.46.1, by apsw 3.46.1.0) looks through all rows of a tenant by the primary key although an index has the very
# columns that are asked for.
#
# The table is WITHOUT ROWID and its primary key has three columns, of which the first is the tenant. Asked for a tenant and a
# number, for which there is an index of both, the planner goes by the one column of the key and reads all rows of
# the tenant, as long as no statistics have been gathered: a program that never runs ANALYZE scans. The same table with a
# rowid is searched by the index.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.46.1.0
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import apsw

for kind in ["without rowid", "strict"]:
    database = apsw.Connection(":memory:")
    database.execute(f"""
        create table number (tenant integer not null, person integer not null, place integer not null,
                             digits text not null, name text not null, primary key (tenant, person, place)) {kind};
        create index number_digits on number (tenant, digits, person);""")
    asked = "select n.name from json_each(?2) k cross join number n on n.tenant = ?1 and n.digits = k.value"
    plan = [row[3] for row in database.execute("explain query plan " + asked, (1, '["5"]'))]
    print(apsw.sqlite_lib_version(), kind, "|", plan[-1])
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
3.46.1 without rowid | SEARCH n USING PRIMARY KEY (tenant=?)
3.46.1 strict | SEARCH n USING INDEX number_digits (tenant=? AND digits=?)
SEEN
