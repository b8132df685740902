#!/usr/bin/env bash
# Questions that wait for a person, through the command line: the partner's side and the office's, with the node killed in between.
exec python3 "$(dirname "$0")/approvals.py" "$@"
