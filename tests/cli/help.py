"""See help_test.sh. `help.py PENC SOURCE_DIR`."""
import re, subprocess, sys

penc = sys.argv[1]
failures = []


def said(*arguments, lang):
    return subprocess.run([penc, "--lang", lang, *arguments], capture_output=True, text=True, timeout=60)


def commands(path=()):
    """The command and everything below it, as the program itself lists them."""
    yield list(path)
    listed = said(*path, "--help", lang="en").stdout.partition("Subcommands:\n")[2]
    for line in listed.splitlines():
        name = re.match(r"  (\w+) {2,}", line)
        if not name:
            break
        yield from commands((*path, name[1]))


count = 0
for command in commands():
    count += 1
    english, french = (said(*command, "--help", lang=lang).stdout for lang in ("en", "fr"))
    known = set(french.splitlines())
    for line in english.splitlines():
        frame = not line.strip() or line.startswith("Usage:") or line.endswith(":") or line.startswith("  penc ") or line.startswith('    "')
        if not frame and line in known:
            failures.append(f"penc {' '.join(command)}: not in French: {line!r}")
    if f"\n  {' '.join(['penc', *command])} " not in english.partition("\nExample")[2]:
        failures.append(f"penc {' '.join(command)}: its help ends without an example of its own")
assert count > 25, count

for arguments, pattern_fr, pattern_en in [
        ([], "il manque la commande", "subcommand is required"),
        (["init", "x"], "il manque --name", "--name is required"),
        (["undo", "x", "y"], "valeur impossible: BATCH", "Could not convert: BATCH"),
        (["status", "x", "--foo"], "inconnu ou de trop: --foo", "--foo"),
        (["ask", "--node"], "il manque une valeur: --node", "--node"),
        (["nonsense"], "inconnu ou de trop|il manque la commande", "nonsense|subcommand")]:
    for lang, pattern in (("fr", pattern_fr), ("en", pattern_en)):
        done = said(*arguments, lang=lang)
        if done.returncode != 2 or not re.search(pattern, done.stderr) or "--help" not in done.stderr:
            failures.append(f"penc {arguments} in {lang}: exit {done.returncode}, {done.stderr!r}")

for failure in failures:
    print(failure)
print(f"{count} commands, {len(failures)} failures")
sys.exit(1 if failures else 0)
