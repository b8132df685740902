#!/usr/bin/env bash
# Mistakes that people make, through the command line: each gets one clear message, its exit code, and nothing changes.
exec python3 "$(dirname "$0")/bad_input.py" "$@"
