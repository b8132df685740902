#!/usr/bin/env bash
# Planning a bulletin: wanted margins become a price and weights, what no budget pays is refused with what would do.
exec python3 "$(dirname "$0")/plan.py" "$@"
