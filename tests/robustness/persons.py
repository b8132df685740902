#!/usr/bin/env python3
"""kill -9 at the named steps of an erasure and of an expiry: `persons.py PENC_UNDER_TEST SOURCE`.

After each, the next command finishes what was begun, or nothing had happened: the person is everywhere or nowhere, rows set
aside included, and erasing once more verifies that nothing is left. The journal verifies.
"""
import datetime, json, os, re, signal, subprocess, sys, tempfile, zipfile

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
work = tempfile.TemporaryDirectory()
office = f"{work.name}/office"
HEADING = "person_ref,sex,age_band,nationality,consent_stats\n"


def run(*arguments, kill_at=None, days=0, ok=(0,)):
    env = dict(os.environ, PENC_TEST_CLOCK_DAYS=str(days), **({"PENC_TEST_KILL_AT": kill_at} if kill_at else {}))
    done = subprocess.run([penc, "--lang", "en", *arguments], capture_output=True, text=True, timeout=120, env=env)
    expected = (-signal.SIGKILL,) if kill_at else ok
    assert done.returncode in expected, f"{arguments} {kill_at}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def held(person):
    return json.loads(run("person", "sheet", office, "--person", person, "--json", ok=(0, 2)).stdout)["personSheet"]


def files_with(person):
    """Files in which the reference stands by itself; of a workbook its parts are looked at."""
    needle, found = re.compile(rb"\b%s\b" % person.encode()), []
    for folder, _, names in os.walk(f"{office}/quarantine"):
        for name in names:
            path = f"{folder}/{name}"
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as book:
                    text = b"".join(book.read(part) for part in book.namelist())
            else:
                text = open(path, "rb").read()
            if needle.search(text):
                found.append(name)
    return found


run("init", office, "--name", "persons", "--policy", f"{source}/policy/profiles/demo.yaml")
steps = ["erase.before_flip", "erase.after_flip", "erase.quarantine"]  # the later ones: tests/unit/store/erasure_test.cc
with open(f"{work.name}/people.csv", "w") as f:
    f.write(HEADING + "".join(f"K{i},f,25-34,MLI,1\n" for i in range(40)))
run("import", office, f"{work.name}/people.csv", "--table", "person")
run("close", office)
for number, step in enumerate(steps):
    person, other = f"K{number}", f"K{number + 20}"
    with open(f"{work.name}/bad.csv", "w") as f:
        f.write(HEADING + f"{person},f,narnia,MLI,1\n{other},f,narnia,MLI,1\nQ{number},m,0-4,MLI,1\nR{number},m,0-4,MLI,1\n")
    run("import", office, f"{work.name}/bad.csv", "--table", "person")
    run("erase", office, "--person", person, kill_at=step)
    sheet = held(person)
    begun = step != "erase.before_flip"
    assert sheet.get("unknown", False) == begun, (step, sheet)
    assert bool(files_with(person)) != begun, (step, files_with(person))
    assert files_with(other), step
    again = json.loads(run("erase", office, "--person", person, "--json").stdout)["erase"]
    assert int(again.get("rows", 0)) == (0 if begun else 1) and int(again["proof"]["chunks"]) > 20, (step, again)
    assert not files_with(person), step

with open(f"{work.name}/short.csv", "w") as f:
    f.write(HEADING + "".join(f"S{i},f,25-34,MLI,1\n" for i in range(10)))
until = (datetime.datetime.utcnow() + datetime.timedelta(days=10)).strftime("%Y-%m-%d")
with open(f"{work.name}/short.csv", "a") as f:
    f.write("S98,f,narnia,MLI,1\n")
run("import", office, f"{work.name}/short.csv", "--table", "person", "--keep-until", until)
for step, left in [("expire.before_flip", False), ("expire.after_flip", True)]:
    run("expire", office, kill_at=step, days=12)
    batches = json.loads(run("batches", office, "--json").stdout)["batches"]["batches"]
    assert batches[-1].get("expired", False) == left, (step, batches[-1])
    assert held("S3").get("unknown", False) == left, step
    assert bool(files_with("S98")) != left, step  # finished by the command after
with open(f"{work.name}/undone.csv", "w") as f:
    f.write(HEADING + "U1,f,25-34,MLI,1\nU2,f,narnia,MLI,1\n")
batch = json.loads(run("import", office, f"{work.name}/undone.csv", "--table", "person", "--json").stdout)["importFile"]["batch"]
run("undo", office, batch, kill_at="undo.quarantine")
assert files_with("U2")
run("status", office)
assert not files_with("U2")
assert "verified" in run("journal", "verify", office).stdout
print(f"robustness: {len(steps)} erasures and 2 expiries cut off; finished, or not begun")
