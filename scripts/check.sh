#!/usr/bin/env bash
# Every check, in the order that fails fastest. BIN is the folder of the virtual environment's programs.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
"$BIN/ruff" check .
"$BIN/ruff" format --check .
"$BIN/lint-imports"
"$BIN/mypy"
"$BIN/python" -X importtime -c 'import untrained.app.cli' 2>&1 | tail -n 1 |
  awk -F'|' '{ printf "importing untrained.app.cli takes %.0f ms\n", $2 / 1000 }'
"$BIN/python" -m pytest --cov=untrained --cov-report=term:skip-covered --durations=8 "$@"
