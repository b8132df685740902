#!/usr/bin/env bash
# A network from its making to its third roster through the command line, with the hub running and stopped.
exec python3 "$(dirname "$0")/network.py" "$@"
