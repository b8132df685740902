"""See progress_test.sh. `progress.py PENC SOURCE_DIR`."""
import gzip, os, pty, re, subprocess, sys, tempfile

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
work = tempfile.TemporaryDirectory()
office = f"{work.name}/office"
codebook = f"{source}/tests/scenarios/codebooks/nlswork.yaml"
policy = f"{work.name}/policy.yaml"
open(policy, "w").write("policy: t\nvalid_until: 2099-12-31\npromise: {epsilon: 8, delta: 1e-6}\nanswers: {local: granted, regional: granted}\ncolumns: {work.race: allow}\n")
subprocess.run([penc, "init", office, "--name", "x", "--codebook", codebook, "--policy", policy], check=True, stderr=subprocess.DEVNULL)


def rows(first, count):  # enough that the fastest disk takes a moment
    yield "person_ref,race,year,hours\n"
    for i in range(0, count, 1000):
        yield "".join(f"p{first + j % 200000},black,{70 + j % 15},{j % 100}\n" for j in range(i, i + 1000))


def on_terminal(*arguments, lang):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(penc, [penc, "--lang", lang, *arguments])
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:  # the other end is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    return said.decode()


with open(f"{work.name}/a.csv", "w") as out:
    out.writelines(rows(0, 3000000))
with gzip.open(f"{work.name}/b.csv.gz", "wt", compresslevel=1) as out:
    out.writelines(rows(500000, 2000000))
shown = on_terminal("import", office, f"{work.name}/a.csv", "--table", "work", lang="fr")
assert re.search(r"lecture: lignes [\d\u202f]+ · [\d\u202f]+/s · encore \d+ s", shown), shown
shown = on_terminal("import", office, f"{work.name}/b.csv.gz", "--table", "work", lang="en")
assert re.search(r"reading: rows [\d,]+ · [\d,]+/s · \d+ s left", shown), shown
shown = on_terminal("close", office, lang="en")
assert re.search(r"closing: rows [\d,]+/5,000,000", shown), shown
done = subprocess.run([penc, "--lang", "en", "import", office, "/dev/stdin", "--table", "work"], stdin=open(f"{work.name}/a.csv"), capture_output=True, text=True)
assert "reading" not in done.stderr and "\r" not in done.stderr, done.stderr
print("progress: rows, rate and time left on a terminal, nothing elsewhere")
