#!/usr/bin/env bash
# On a terminal an import says rows, rate and time left; elsewhere nothing of it is printed.
exec python3 "$(dirname "$0")/progress.py" "$@"
