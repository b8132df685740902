#!/usr/bin/env bash
# Runs the README's walk-through as it stands: `walkthrough_test.sh PENC SOURCE_DIR`.
set -euo pipefail
penc=$(readlink -f "$1")
source_dir=$(readlink -f "$2")
work=$(mktemp -d)
# The office is started in the background by the walk-through itself: it is found by its folder.
cleanup() { [ -f "$work/serve.pid" ] && kill "$(cat "$work/serve.pid")" 2>/dev/null; sleep 0.3; rm -rf "$work"; }
trap cleanup EXIT

mkdir "$work/bin" && ln -s "$penc" "$work/bin/penc" && ln -s "$source_dir/policy" "$work/policy"
export PATH=$work/bin:$PATH work
awk '/^<!-- walkthrough/ {wanted = 1; next} wanted && /^```sh/ {on = 1; next} on && /^```/ {exit} on' "$source_dir/README.md" >"$work/walkthrough.sh"
[ "$(grep -c '^penc' "$work/walkthrough.sh")" -ge 12 ] || { echo "the README's walk-through was not found"; exit 1; }

# Between starting the office in the background and the next line a person needs a second or two.
sed -i 's/^\(penc serve .*\)$/\1\necho $! >"$work\/serve.pid"\nfor i in $(seq 100); do [ -S office\/penc.sock ] \&\& break; sleep 0.1; done/' "$work/walkthrough.sh"
cd "$work"
set +e
( set -euo pipefail; . ./walkthrough.sh ) >out.txt 2>err.txt
status=$?
set -e
if [ $status -ne 0 ]; then echo "the walk-through failed ($status)"; cat out.txt err.txt; exit 1; fi
for expected in "f" "95" "plaidoyer"; do
  grep -q "$expected" out.txt || { echo "missing in the output: $expected"; cat out.txt err.txt; exit 1; }
done
echo "the README's walk-through runs: $(grep -c '^penc' walkthrough.sh) commands"
