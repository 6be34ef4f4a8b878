#!/usr/bin/env bash
# Every check, in the order that fails fastest. Tests marked slow are left out; `--all` as the first word runs them
# too and measures coverage. Further words go to pytest. BIN is the folder of the virtual environment's programs.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-.venv/bin}
chosen=(-m "not slow")
if [[ ${1:-} == --all ]]; then
  shift
  chosen=(--cov=untrained --cov-report=term:skip-covered)
fi
"$BIN/ruff" check .
"$BIN/ruff" format --check .
"$BIN/lint-imports"
"$BIN/mypy"
"$BIN/python" -X importtime -c 'import untrained.app.application' 2>&1 | tail -n 1 |
  awk -F'|' '{ printf "importing untrained.app.cli takes %.0f ms\n", $2 / 1000 }'
# A process a core, each with one thread: a file's tests share what they fit.
OMP_NUM_THREADS=1 "$BIN/python" -m pytest -n logical --maxprocesses 8 --dist loadfile --durations=8 \
  "${chosen[@]}" "$@"
