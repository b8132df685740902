"""See answer_test.sh. `answer.py PENC SOURCE_DIR`. PENC_THOROUGH=1 flips every byte of the record instead of a few hundred."""
import hashlib, json, os, random, re, shutil, subprocess, sys

from program import failures, run, source, work

vectors = f"{source}/tests/vectors"
record = f"{vectors}/record_v1.penc"


def expect(condition, what):
    if not condition:
        failures.append(what)


def write(name, data):
    path = f"{work.name}/{name}"
    with open(path, "wb") as f:
        f.write(data)
    return path


def card(name, roots):
    return write(name, f'network: "essai"\naddress: "127.0.0.1:7410"\nkey: "{roots}"\nroots: "{roots}"\n'.encode())


with open(record, "rb") as f:
    data = f.read()
with open(f"{vectors}/record_v1.json") as f:
    frozen = json.load(f)

# The frozen answer, by the program and by the second reading of protocol.md.
done = run("answer", "verify", record, "--json")
expect(done.returncode == 0 and json.loads(done.stdout) == frozen, f"the frozen record gives another answer: {done.stderr}")
second = subprocess.run([f"{vectors}/verify_record.py", record], capture_output=True, text=True, timeout=300)
expect(second.returncode == 0, f"the second reading refuses it: {second.stderr}")
reading = json.loads(second.stdout)
cells = [int(x) for table in frozen["tables"] for block in table["blocks"] for x in block["noisy"]]
expect(reading["noisy"] == cells, "the second reading opens other numbers")
rates = {(b["noise"]["rateNum"], b["noise"]["rateDen"]) for t in frozen["tables"] for b in t["blocks"]}
expect(rates == {tuple(reading["rate"])}, "the second reading finds another law")
expect(frozen["regional"]["roundId"] == reading["round"], "another round")

# What was checked, line by line, in both languages; whose network it is.
roots = reading["roots"]
mine, other = card("essai.network", roots), card("other.network", "SHA256:" + "A" * 43)
for lang, checked, network, first in (("en", "verified: ", "known network's", "6 organisations of 8 answered"),
                                      ("fr", "vérifié: ", "du réseau connu ici", "6 organisations sur 8 ont répondu")):
    done = run("answer", "verify", record, "--network", mine, lang=lang)
    lines = done.stderr.splitlines()
    expect(done.returncode == 0 and len(lines) == 9 and all(line.startswith(checked) for line in lines), f"verified lines in {lang}: {done.stderr}")
    expect(network in done.stderr and roots in done.stderr, f"the anchor in {lang}")
    expect(done.stdout.startswith(first), f"coverage comes first in {lang}")
    alone = run("answer", "verify", record, lang=lang)
    expect(alone.returncode == 0 and roots in alone.stderr and len(alone.stderr.splitlines()) == 9, f"without an anchor in {lang}")
    wrong = run("answer", "verify", record, "--network", other, lang=lang)
    expect(wrong.returncode == 6 and wrong.stdout == "" and roots in wrong.stderr, f"of another network in {lang}: {wrong.stderr}")
expect("office 6 abstained: This organisation has stopped all answers." in run("answer", "verify", record).stdout, "why an office is absent")

# Damage: exit 6, no numbers, in one sentence.
def refused(name, content):
    done = run("answer", "verify", write("damaged.penc", content), "--network", mine)
    expect(done.returncode == 6 and done.stdout == "" and done.stderr.startswith("penc: ") and len(done.stderr.splitlines()) == 1,
           f"{name}: exit {done.returncode}, {done.stdout[:80]!r}, {done.stderr!r}")


seed = random.randrange(1 << 32)
dice = random.Random(int(os.environ.get("PENC_SEED", seed)))
print(f"PENC_SEED={os.environ.get('PENC_SEED', seed)}")
positions = range(len(data)) if os.environ.get("PENC_THOROUGH") else sorted({*range(0, 60, 7), *dice.sample(range(len(data)), 150)})
for at in positions:
    refused(f"byte {at}", data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :])
for cut in (0, 10, 30, 60, 1000, len(data) - 1):
    refused(f"cut at {cut}", data[:cut])
refused("more behind it", data + b"x")
# Whoever changes a record can make its hash anew: then its own proofs are what holds.
magic = len(b"penc round record 1\n")
for at in dice.sample(range(magic + 32, len(data)), 60):
    changed = data[magic + 32 : at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
    done = run("answer", "verify", write("forged.penc", data[:magic] + hashlib.sha256(changed).digest() + changed), "--json", "--network", mine)
    expect(done.returncode == 6 or (done.returncode == 0 and json.loads(done.stdout) == frozen), f"forged byte {at} passes for another answer")
    expect("libprotobuf" not in done.stderr, f"forged byte {at}: {done.stderr!r}")
expect(run("answer", "verify", f"{work.name}/none.penc").returncode == 2, "a file that is not there")
expect(run("answer", "verify", mine).returncode == 6, "a file of another kind")

# An office's own folder.
office = f"{work.name}/office"
os.makedirs(f"{office}/answers")
shutil.copy(record, f"{office}/answers/{reading['round']}.penc")
whole = run("answer", reading["round"], office)
expect(whole.returncode == 0 and whole.stdout == run("answer", "verify", record).stdout, f"an office reads it: {whole.stderr}")
expect(run("answer", reading["round"][:5], office).stdout == whole.stdout, "by its first characters")
saved = f"{work.name}/saved.penc"
csv = run("answer", reading["round"][:5], office, "--csv", "--save", saved)
expect(csv.returncode == 0 and csv.stdout.startswith("table,sex,") and "6 organisations of 8 answered" in csv.stderr, f"as CSV: {csv.stderr}")
with open(saved, "rb") as f:
    expect(f.read() == data, "a saved copy is the record")
expect(json.loads(run("answer", reading["round"][:5], office, "--json").stdout) == frozen, "as JSON")
expect("rate 6/4" in run("answer", reading["round"][:5], office, "--details").stdout, "its law")
expect(run("answer", "ffffff", office).returncode == 2, "an unknown round")
with open(f"{office}/answers/{reading['round']}.penc", "r+b") as f:
    f.seek(5000)
    f.write(b"\x00")
expect(run("answer", reading["round"], office).returncode == 6, "a damaged one")

# One table less another: of the record and of what --json printed, in another edition.
later = dict(frozen, edition="2099-Q4")
other = write("later.json", json.dumps(later).encode())
done = run("answer", "difference", record, other, "--tables", "1,1", "--json")
expect(done.returncode == 0, f"a difference: {done.stderr}")
made = json.loads(done.stdout)
expect(made["exact"] == [True] and made["second"]["edition"] == "2099-Q4", f"the exact law: {done.stdout[:300]}")
shown = [v for row in made["table"]["rows"] for v in row["values"] if v["shown"] == "SHOWN_YES"]
expect(shown and all(v.get("value", 0) == 0 and v["high"] == -v["low"] > frozen["tables"][0]["columns"][0]["margin"] for v in shown),
       f"equal numbers differ by 0, within more than the margin of one: {shown[:2]}")
means = run("answer", "difference", record, other, "--tables", "3,3")
expect(means.returncode == 0 and "cautious margin" in means.stdout and "2099-Q4" in means.stdout, f"of means: {means.stdout}{means.stderr}")
french = run("answer", "difference", record, other, "--tables", "1,1", lang="fr")
expect("marge à 95 % de la loi exacte" in french.stdout and "prix: rien" in french.stdout, f"in French: {french.stdout}")
along = run("answer", "difference", record, "--by", "sex", "--tables", "1", "--csv")
expect(along.returncode == 0 and along.stdout.startswith("table,sex,sex_label,"), f"along a key: {along.stdout}{along.stderr}")
garbled = write("garbled.json", b'{"tables": 3}')

# Slips of the hand: exit 2, and what to write instead.
for arguments, pattern in [
        (["answer"], "penc rounds"), (["answer", "abc"], "--hub NETWORK"), (["answer", "abc", office, "--hub", "x", "--as", "y"], "--hub NETWORK"),
        (["answer", "abc", office, "--json", "--csv"], "one of --json, --csv"), (["answer", "verify"], "FILE"),
        (["answer", "verify", record, "--csv"], "nothing else"), (["answer", "verify", record, "more"], "nothing else"),
        (["answer", "difference", record], "--tables 2,1"), (["answer", "difference", record, "--tables", "1,2"], "do not count the same"),
        (["answer", "difference", record, "--tables", "1,1"], "the same table twice"), (["answer", "difference", record, "--tables", "1,x"], "two numbers"),
        (["answer", "difference", record, "--tables", "1,2,3"], "two numbers"), (["answer", "difference", record, "--by", "sex"], "--tables 1"),
        (["answer", "difference", record, "--by", "sex", "--tables", "1,2"], "one number"), (["answer", "difference", record, other, "--by", "sex"], "one file"),
        (["answer", "difference", record, "--by", "age", "--tables", "1"], "it has: sex"), (["answer", "difference", record, "--tables", "1,9"], "no table 9"),
        (["answer", "difference", garbled, other], "this is no answer"), (["answer", "difference", record, other, "--csv", "--json"], "one of --json, --csv"),
        (["answer", "difference", record, other, "--details"], "nothing else"), (["answer", "difference"], "FILE"),
        (["rounds"], "--hub NETWORK"), (["rounds", "--hub", "x"], "--as FOLDER"),
        (["ask", "--as", "p", "--purpose", "x", "SELECT 1"], "--node OFFICE or --hub NETWORK"),
        (["ask", "--as", "p", "--node", "a", "--hub", "b", "--purpose", "x", "SELECT 1"], "--node OFFICE or --hub NETWORK"),
        (["ask", "--as", "p", "--node", "a", "--within", "5m", "--purpose", "x", "SELECT 1"], "go with --hub"),
        (["ask", "--as", "p", "--hub", "a", "SELECT 1"], "--purpose"),
        (["ask", "--as", "p", "--hub", "a", "--again", "abc", "--budget", "3%"], "same price"),
        (["partner", "trust", "nowhere", mine], "partner")]:
    done = run(*arguments)
    expect(done.returncode == 2 and re.search(re.escape(pattern), done.stderr) and done.stdout == "", f"{arguments}: exit {done.returncode}, {done.stderr!r}")

# A partner trusts a network; without it nobody is asked.
partner = f"{work.name}/analyst"
expect(run("partner", "init", partner, "--name", "analyst").returncode == 0, "partner init")
expect(run("ask", "--hub", "essai", "--as", partner, "--purpose", "x", "SELECT count(*) FROM person").returncode == 2, "an unknown network")
expect("--hub essai" in run("partner", "trust", partner, mine, "--codebook", f"{source}/policy/codebook/migration.yaml").stderr, "partner trust")
expect(run("partner", "trust", partner, mine, "--codebook", mine).returncode == 2, "a codebook that is none")
gone = run("ask", "--hub", "essai", "--as", partner, "--purpose", "x", "SELECT count(*) FROM person")
expect(gone.returncode == 5 and gone.stdout == "", f"nobody there: exit {gone.returncode}, {gone.stderr!r}")

for failure in failures[:40]:
    print(failure)
print(f"{len(positions)} flipped bytes, {len(failures)} failures")
sys.exit(1 if failures else 0)
