#!/usr/bin/env bash
# Help and usage errors speak the user's language, every description of every command, and end in an example.
exec python3 "$(dirname "$0")/help.py" "$@"
