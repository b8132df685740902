#!/usr/bin/env bash
# `penc answer verify` and `penc answer ID DIR` on a record that never changes (tests/vectors/record_v1.penc).
exec python3 "$(dirname "$0")/answer.py" "$@"
