#!/usr/bin/env bash
# A file of an unknown form, at a terminal and without one: proposed, asked about, kept for the next export. `proposals_test.sh PENC SOURCE_DIR`.
exec python3 "$(dirname "$0")/proposals.py" "$1" "$2"
