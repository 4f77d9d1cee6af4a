#!/usr/bin/env bash
# 启动一个演示服务器，运行给出的命令，再停止服务器：tests/demo.sh 命令…
# Starts a demo server, runs a command beside it and stops the server: tests/demo.sh command…
#
# 命令从环境变量得到 ADDRESS（http://…）和 CTI_TOKEN（1054 管理员的令牌）。
# The command finds ADDRESS (http://…) and CTI_TOKEN (a token of 1054's admin) in its environment.
set -euo pipefail
cd "$(dirname "$0")/.."

laidian=${CARGO_TARGET_DIR:-target}/debug/laidian
work=$(mktemp -d /tmp/laidian-demo.XXXXXX)
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

# One program makes all calls, and some thousands of them a minute.
export LAIDIAN_LIMITS_CALLS_PER_MINUTE=0 LAIDIAN_LIMITS_OPERATOR_FRAMES_PER_SECOND=0
# Uploads are kept for an hour; at random there are many.
export LAIDIAN_IMPORT_FILES=100000
# They are read at once, and the server begins a moment later.
: >"$work/ready" && : >"$work/server"
"$laidian" serve --demo --data "$work/data" --listen 127.0.0.1:0 >"$work/ready" 2>"$work/server" &
server=$!
ADDRESS=''
until [ -n "$ADDRESS" ]; do
  kill -0 "$server"
  ADDRESS=$(sed -n 's|^ready .* \(http://[^ ]*[^/ ]\).*|\1|p' "$work/ready")
  sleep 0.1
done
CTI_TOKEN=$("$laidian" token --data "$work/data" --company 1054 --operator admin1054)
export ADDRESS CTI_TOKEN WORK="$work" PID="$server"

"$@"
# Whatever it was sent, it is still there.
kill -0 "$server"
