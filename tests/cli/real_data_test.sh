#!/usr/bin/env bash
# Real files through the whole path (import, close, serve, ask over mutual TLS): every released cell must lie where the
# exact law says it does around the truth that this script computes on its own. `real_data_test.sh PENC SOURCE_DIR`.
# The data are beside the repository (../shared/data), never in it; without them this says so and passes.
exec python3 "$(dirname "$0")/real_data.py" "$@"
