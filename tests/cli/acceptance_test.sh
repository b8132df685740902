#!/usr/bin/env bash
# Real files of other people's forms: each imports, or is refused for a stated reason. `acceptance_test.sh PENC SOURCE_DIR`.
exec python3 "$(dirname "$0")/acceptance.py" "$1" "$2"
