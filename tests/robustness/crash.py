#!/usr/bin/env python3
"""kill -9 at every named step of import, close and ask, and at random moments under load: `crash.py PENC_UNDER_TEST SOURCE`.

After each: the node starts, the journal verifies, no charge is lost or doubled, every answer ever sent is given again byte for
byte, no half import and no half edition shows. PENC_CRASH_ROUNDS (default 200) random moments.
"""
import json, os, random, signal, socket, subprocess, sys, tempfile, time

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
rounds = int(os.environ.get("PENC_CRASH_ROUNDS", "200"))
seed = int(os.environ.get("PENC_CRASH_SEED", "20261123"))
print(f"seed {seed}, {rounds} random moments")
dice = random.Random(seed)
port = 7471
work = tempfile.TemporaryDirectory()
office, analyst = f"{work.name}/office", f"{work.name}/analyst"
TABLES = ["person", "incident", "return_case"]


def run(*arguments, kill_at=None, ok=(0,), timeout=120):
    env = dict(os.environ, **({"PENC_TEST_KILL_AT": kill_at} if kill_at else {}))
    done = subprocess.run([penc, "--lang", "en", *arguments], capture_output=True, text=True, timeout=timeout, env=env)
    if kill_at:
        assert done.returncode == -signal.SIGKILL, f"{kill_at} was not reached: {done.returncode} {done.stdout}{done.stderr}"
    else:
        assert done.returncode in ok, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Node:
    def __init__(self, kill_at=None):
        env = dict(os.environ, **({"PENC_TEST_KILL_AT": kill_at} if kill_at else {}))
        self.process = subprocess.Popen([penc, "serve", office, "--listen", f"127.0.0.1:{port}"], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:  # a socket file may be left from the one before
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            assert self.process.poll() is None, "the node did not start"
            time.sleep(0.05)
        raise AssertionError("the node did not start in time")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def status():
    return json.loads(run("status", office, "--json").stdout)["status"]


def budget():
    rows = json.loads(run("budget", office, "--json").stdout)["budget"].get("cohorts", [])
    return {row["cohort"]: row.get("spentPpm", 0) for row in rows}


def ask(sql, ok=(0,)):
    return run("ask", "--node", "crash", "--as", analyst, "--purpose", "test", "--budget", "0.05%", "--json", sql, ok=ok)


def check():
    assert "verified" in run("journal", "verify", office).stdout


run("init", office, "--name", "crash", "--policy", f"{source}/policy/profiles/demo.yaml", "--listen", f"127.0.0.1:{port}")
run("demo", "records", f"{work.name}/invented", "--persons", "300")
files = {table: f"{work.name}/invented/{table}.csv" for table in TABLES}

# Imports: before the one write nothing shows, after it everything does; the same file again changes nothing.
for step, there in [("import.parsed", False), ("import.before_flip", False), ("import.after_flip", True)]:
    before = int(status().get("stagedRows", 0))
    run("import", office, files["person"], "--table", "person", kill_at=step)
    after = int(status().get("stagedRows", 0))
    assert (after > before) == there, (step, before, after)
    check()
assert run("import", office, files["person"], "--table", "person", ok=(2,)).stderr.count("already") == 1
for table in TABLES[1:]:
    run("import", office, files[table], "--table", table)
staged = int(status()["stagedRows"])

# Closing.
run("close", office, kill_at="close.before_flip")
held = status()
assert int(held.get("rows", 0)) == 0 and not held.get("editions") and int(held["stagedRows"]) == staged
run("close", office, kill_at="close.after_flip")
held = status()
assert int(held["rows"]) == staged and len(held["editions"]) == 1 and int(held.get("stagedRows", 0)) == 0
check()

run("partner", "init", analyst, "--name", "analyst")
open(f"{work.name}/crash.card", "w").write(run("card", office).stdout)
run("partner", "trust", analyst, f"{work.name}/crash.card")
run("grant", office, f"{analyst}/analyst.pub", "--share", "100%", "--purpose", "test", *sum((["--table", t] for t in TABLES), []), "--until", "2099-01-01")

# Asking: charged once whatever the step, completed at no new cost, then the same bytes for ever.
SEX = "SELECT sex, count(DISTINCT person) FROM person WHERE age_band = '{}' GROUP BY sex"
sent = {}
for number, step in enumerate(["ask.before_reserve", "ask.after_reserve", "ask.after_extract", "ask.before_commit", "ask.after_commit"]):
    sql = SEX.format(["0-4", "5-11", "12-17", "18-24", "25-34"][number])
    spent = sum(budget().values())
    node = Node(kill_at=step)
    ask(sql, ok=(1, 5))
    node.process.wait(30)
    charged = sum(budget().values()) - spent
    assert (charged > 0) == (step != "ask.before_reserve"), (step, charged)
    check()
    node = Node()
    sent[sql] = ask(sql).stdout
    total = sum(budget().values()) - spent
    assert charged in (0, total) and total > 0, (step, charged, total)
    assert ask(sql).stdout == sent[sql]
    node.stop()

# Random moments under load: askers, a file on its way in, at times a closing, and a killer. What was sent stays, what was
# charged is charged once, a file is in whole or not at all, an edition is open or not.
bands = ["0-4", "5-11", "12-17", "18-24", "25-34", "35-59", "60+", "u"]
reasons = ["econ_long", "job_offer", "seasonal", "conflict", "family", "u"]
questions = [f"SELECT sex, count(DISTINCT person) FROM person WHERE age_band = '{b}' AND reason = '{r}' GROUP BY sex" for b in bands for r in reasons]
run("demo", "records", f"{work.name}/more", "--persons", "15000", "--seed", "8")
with open(f"{work.name}/more/return_case.csv", encoding="utf-8") as more:
    heading, *rows = more.readlines()
ROWS = 40
assert len(rows) >= ROWS * rounds, len(rows)


def client(*arguments):
    return subprocess.Popen([penc, "--lang", "en", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def held_rows(now):
    return int(now.get("rows", 0)) + int(now.get("stagedRows", 0))


def check_sent():
    node = Node()
    for question, answer in sent.items():
        assert ask(question).stdout == answer, question
    node.stop()


answers = imports = closings = 0
before = status()
for moment in range(rounds):
    closing = moment % 25 == 24
    if closing:
        check_sent()
        answers += len(sent)
    piece = f"{work.name}/piece{moment}.csv"
    with open(piece, "w", encoding="utf-8") as out:
        out.writelines([heading, *rows[moment * ROWS:(moment + 1) * ROWS]])
    node = Node()
    askers = [(q, client("ask", "--node", "crash", "--as", analyst, "--purpose", "test", "--budget", "0.05%", "--json", q))
              for q in (dice.choice(questions) for _ in range(3))]
    if closing:
        year, quarter = map(int, before["editions"][-1].split("-Q"))
        other = client("close", office, "--label", f"{year + quarter // 4}-Q{quarter % 4 + 1}")
    else:
        other = client("import", office, piece, "--table", "return_case")
    time.sleep(dice.uniform(0, 0.6))
    node.kill()
    if closing:
        sent.clear()  # they are of the edition before, perhaps
    for question, asker in askers:
        out, _ = asker.communicate(timeout=60)
        if asker.returncode == 0 and not closing:
            assert sent.setdefault(question, out) == out, question
    other.communicate(timeout=60)
    now = status()
    if closing:
        opened = len(now["editions"]) - len(before["editions"])
        assert held_rows(now) == held_rows(before) and opened in (0, 1), (before, now)
        assert (int(now.get("stagedRows", 0)) == 0) if opened else (now.get("stagedRows") == before.get("stagedRows")), (before, now)
        assert opened == 1 or other.returncode != 0
        closings += opened
    else:
        came = held_rows(now) - held_rows(before)
        assert came in (0, ROWS) and (came == ROWS or other.returncode != 0), (before, now, other.returncode)
        assert now["editions"] == before["editions"]
        imports += came == ROWS
    before = now
    if moment % 8 == 0:
        check()
answers += len(sent)
node = Node()
for question, answer in sent.items():
    assert ask(question).stdout == answer, question
node.stop()
check()
# The balances are the sum of the journal's charges.
shown = []
while page := json.loads(run("journal", "show", office, "--from", str(len(shown)), "--limit", "1000", "--json").stdout)["journalShow"].get("entries"):
    shown += page
charges = [json.loads(e["json"])["charged"] for e in shown if e["kind"] == "charged"]
slots = [c["slot"] for c in charges if not c.get("shareOnly")]
assert len(slots) == len(set(slots)), "a slot was charged twice"
assert answers >= rounds / 8 and imports >= rounds / 4, "the moments were all too early"
print(f"robustness: {len(slots)} charges, {answers} answers, {imports} of {rounds - rounds // 25} files, {closings} of {rounds // 25} closings; none lost, halved or doubled")
