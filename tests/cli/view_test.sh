#!/usr/bin/env bash
# The office's own view on the command line: exact tables and what to mend. `view_test.sh PENC SOURCE_DIR`.
exec python3 "$(dirname "$0")/view.py" "$1" "$2"
