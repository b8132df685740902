#!/usr/bin/env bash
# Node keys elsewhere: on a stick, with the stewards of a network of real processes; killed, started, taken off the roster.
exec python3 "$(dirname "$0")/seizure.py" "$@"
