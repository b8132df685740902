#!/usr/bin/env bash
# Policies as people change them: compared, signed by two, applied, simulated, published; and the mistakes on the way.
exec python3 "$(dirname "$0")/officers.py" "$@"
