#!/usr/bin/env bash
# 用 schemathesis 检验：任何请求都不会得到 500，也不会得到 schemas/openapi.json 里没有的回复。
# Checks with schemathesis that no request is answered with a 500, or with anything that is not in schemas/openapi.json.
#
# 用法：tests/demo.sh tests/openapi.sh；tests/requirements.txt 装在 target/python 里（tests/run.sh 会准备好）。
# Run by tests/demo.sh, with tests/requirements.txt installed in target/python: tests/run.sh sees to both.
set -euo pipefail
cd "$(dirname "$0")/.."

# Nothing is left in the tree.
export HYPOTHESIS_STORAGE_DIRECTORY="$WORK/hypothesis"

# fuzz option…
fuzz() {
  "${CARGO_TARGET_DIR:-target}/python/bin/schemathesis" --config-file tests/schemathesis.toml \
    run schemas/openapi.json --url "$ADDRESS" "$@"
}

fuzz "$@"
# Nobody, or somebody with the wrong credentials.
fuzz --phases fuzzing --max-examples 5 --generation-with-security-parameters true "$@"
