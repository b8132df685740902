#!/usr/bin/env bash
# Rights of persons on the command line: sheet, erasing, withdrawal, retention, dossier. `persons_test.sh PENC SOURCE_DIR`.
exec python3 "$(dirname "$0")/persons.py" "$1" "$2"
