#!/usr/bin/env bash
# 用 schemathesis 检验：任何请求都不会得到 500，也不会得到 schemas/openapi.json 里没有的回复。
# Checks with schemathesis that no request is answered with a 500, or with anything that is not in schemas/openapi.json.
#
# 需要：target/debug/laidian，以及装在 target/python 里的 tests/requirements.txt（tests/run.sh 会准备好）。
# Needs target/debug/laidian, and tests/requirements.txt installed in target/python: tests/run.sh sees to both.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d /tmp/laidian-openapi.XXXXXX)
server=''

at_exit() {
  local status=$?
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
  fi
  [ "$status" -eq 0 ] || tail -n 20 "$work/server" >&2 || true
  rm -rf "$work"
  exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# One program makes all these calls, and some thousands of them a minute.
export LAIDIAN_LIMITS_CALLS_PER_MINUTE=0 LAIDIAN_LIMITS_OPERATOR_FRAMES_PER_SECOND=0
"$target/debug/laidian" serve --demo --data "$work/data" --listen 127.0.0.1:0 >"$work/ready" 2>"$work/server" &
server=$!
address=''
until [ -n "$address" ]; do
  kill -0 "$server"
  address=$(sed -n 's|^ready .* \(http://[^ ]*\).*|\1|p' "$work/ready")
  sleep 0.1
done

CTI_TOKEN=$("$target/debug/laidian" token --data "$work/data" --company 1054 --operator admin1054)
export CTI_TOKEN

# Nothing is left in the tree.
export HYPOTHESIS_STORAGE_DIRECTORY="$work/hypothesis"

# fuzz option…
fuzz() {
  "$target/python/bin/schemathesis" --config-file tests/schemathesis.toml run schemas/openapi.json --url "$address" "$@"
}

fuzz "$@"
# Nobody, or somebody with the wrong credentials.
fuzz --phases fuzzing --max-examples 5 --generation-with-security-parameters true "$@"
# Whatever it was sent, it is still there.
kill -0 "$server"
