#!/usr/bin/env bash
# A running node and what goes wrong around it: each gets one clear message, its exit code, and nothing is charged or lost.
exec python3 "$(dirname "$0")/bad_node.py" "$@"
