#!/usr/bin/env bash
# The example that ends each command's help, pasted as it stands into one shell folder, in the order of an office's life.
exec python3 "$(dirname "$0")/examples.py" "$@"
