"""See approvals_test.sh. `approvals.py PENC SOURCE_DIR`."""
import json, os, signal, socket, subprocess

from program import end, expect, failures, must, penc, run, source, work

os.chdir(work.name)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    ADDRESS = f"127.0.0.1:{probe.getsockname()[1]}"
BY_PROFILE = "SELECT protection_profile, count(DISTINCT person) FROM person GROUP BY protection_profile"
BOTH = "SELECT sex, protection_profile, count(DISTINCT person) FROM person GROUP BY sex, protection_profile"


def ask(sql, *more, lang="en"):
    return run("ask", "--node", "alcrer", "--as", "analyst", "--purpose", "plaidoyer", *more, sql, lang=lang)


def serve():
    process = subprocess.Popen([penc, "--lang", "fr", "serve", "office"], stderr=subprocess.PIPE, text=True)
    assert ADDRESS in process.stderr.readline()
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    return process.stderr.read()


with open(f"{source}/policy/profiles/demo.yaml") as demo, open("policy.yaml", "w") as policy:
    policy.write(demo.read().replace("person.protection_profile: allow", "person.protection_profile: ask") + "approvals: {waiting: 2}\n")
must("init", "office", "--name", "ALCRER", "--policy", "policy.yaml", "--listen", ADDRESS)
must("demo", "records", "invented", "--persons", "60")
must("import", "office", "invented/person.csv", "--table", "person")
must("close", "office")
must("partner", "init", "analyst", "--name", "analyst")
with open("alcrer.card", "w") as card:
    card.write(must("card", "office"))
must("partner", "trust", "analyst", "alcrer.card")
must("grant", "office", "analyst/analyst.pub", "--share", "40%", "--purpose", "plaidoyer", "--table", "person", "--until", "2035-12-31")

expect("nothing waits", run("pending", "office"), 0, "no question waits")
node = serve()
expect("it waits", ask(BY_PROFILE), 4, "waiting: NEEDS_APPROVAL", "person.protection_profile", r"waits until at the latest \d{4}-")
expect("it waits, in French", ask(BY_PROFILE, lang="fr"), 4, "en attente: NEEDS_APPROVAL", "décide de cette question")
expect("explained", ask(BY_PROFILE, "--explain"), 4, "NEEDS_APPROVAL", "margin")
expect("another", ask(BOTH), 4)
expect("one too many", ask(BY_PROFILE, "--budget", "3%"), 3, "TOO_MANY_WAITING")
said = kill(node)
if said.count("attend la décision d'une personne: penc pending office") != 2 or "protection_profile" in said:
    failures.append(f"the node says once a question that one waits, and nothing of it: {said!r}")

# Without a node: the folder itself.
expect("pending", run("pending", "office"), 0, "no. 1 · waits", "no. 2 · waits", "asked by analyst, purpose: plaidoyer", "margin ±",
       "price: 2% of the privacy budget", "Whom could this harm", r"Profils de protection|protection", "sensitive:", "penc approve DIR 1")
expect("pending, in French", run("pending", "office", lang="fr"), 0, "À qui cela pourrait-il nuire", "sensible:", "marge ±", "décidez: penc approve DIR 1")
listed = json.loads(run("pending", "office", "--json").stdout)["pending"]["questions"]
assert [q["number"] for q in listed] == ["1", "2"] and listed[0]["columns"][0]["name"] == "person.protection_profile", listed
expect("status", run("status", "office"), 0, r"to decide \(penc pending\): 2")
expect("no such number", run("approve", "office", "9"), 2, "no question no. 9 waits", "penc pending")
expect("no number", run("approve", "office", "first"), 2, "ID")
expect("no reason", run("refuse", "office", "2"), 2, "--because is required")
expect("an empty reason", run("refuse", "office", "2", "--because", " "), 2, "needs a reason")
expect("a long reason", run("refuse", "office", "2", "--because", "x" * 301), 2, "--because: one line of at most 300 bytes")
expect("a long name", run("approve", "office", "1", "--by", "x" * 101), 2, "--by: one line of at most 100 bytes")
expect("refused", run("refuse", "office", "2", "--because", "pas pendant les arrestations", "--by", "Awa"), 0, "analyst reads your reason")

# With one again: decided through its socket while the partner stands and waits.
node = serve()
waiting = subprocess.Popen([penc, "--lang", "en", "ask", "--node", "alcrer", "--as", "analyst", "--purpose", "plaidoyer", "--wait", BY_PROFILE],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
assert "waiting" in waiting.stderr.readline()
expect("approved", run("approve", "office", "1", "--by", "Awa", "--because", "vu avec l'équipe"), 0, "no. 1 approved", "charged then")
out, err = waiting.communicate(timeout=60)
if waiting.returncode != 0 or "persons" not in out:
    failures.append(f"--wait: exit {waiting.returncode}: {out!r} {err!r}")
expect("answered", ask(BY_PROFILE), 0, "persons")
expect("declined", ask(BOTH), 3, "DECLINED_BY_PERSON", "pas pendant les arrestations")
expect("declined, in French", ask(BOTH, lang="fr"), 3, "a refusé cette question", "Son motif: «pas pendant les arrestations»")
expect("declined, JSON", ask(BOTH, "--json"), 3, '"about": "pas pendant les arrestations"')
expect("--wait goes with --node", run("ask", "--hub", "x", "--as", "analyst", "--purpose", "p", "--wait", "SELECT 1"), 2, "--wait goes with --node")
kill(node)

expect("decided", run("pending", "office", "--decided"), 0, "no. 1 · approved .* by Awa, holds until", "because: vu avec l'équipe", "no. 2 · refused")
expect("budget", run("budget", "office"), 0, "analyst 2%")
journal = run("journal", "show", "office")
expect("journal", journal, 0, "question before a person: question no. 1", "decided by a person: question no. 1, approved", "because: pas pendant")
if journal.stdout.count("question before a person") != 2:
    failures.append(f"asking again adds to the journal: {journal.stdout}")
expect("the journal holds", run("journal", "verify", "office"), 0, "journal verified")

end("approvals")
