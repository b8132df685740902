"""See network_test.sh. `network.py PENC SOURCE_DIR`."""
import json, os, re, shutil, signal, socket, stat, subprocess

from program import end, expect, failures, holds, must, penc, run, work

os.chdir(work.name)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    ADDRESS = f"127.0.0.1:{probe.getsockname()[1]}"


def write(name, content):
    with open(name, "w") as out:
        out.write(content)
    return name


class Hub:
    def __enter__(self):
        self.process = subprocess.Popen([penc, "--lang", "en", "hub", "hub"], stderr=subprocess.PIPE, text=True)
        said = self.process.stderr.readline()
        assert ADDRESS in said and "Ctrl-C" in said, said
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        if self.process.wait(30) != 0:
            failures.append(f"the hub ended with {self.process.returncode}: {self.process.stderr.read()}")
        self.process.stderr.close()


# ---- making one
expect("no address", run("network", "create", "hub", "--name", "ESSAI"), 2, "--address")
expect("a bad address", run("network", "create", "hub", "--name", "ESSAI", "--address", "nowhere"), 2, "--address", "HOST:PORT")
expect("more signatures than keys", run("network", "create", "hub", "--name", "ESSAI", "--address", ADDRESS, "--threshold", "4"), 2, "--threshold")
expect("another calendar", run("network", "create", "hub", "--name", "ESSAI", "--address", ADDRESS, "--closing", "week"), 2, "--closing")
assert not os.path.exists("hub")
made = run("network", "create", "hub", "--name", "ESSAI", "--address", ADDRESS)
expect("a network", made, 0, "USB", "root-3.key")
roots = made.stdout.split()
assert len(roots) == 3 and all(stat.S_IMODE(os.stat(path).st_mode) == 0o600 for path in roots), roots
expect("never over another", run("network", "create", "hub", "--name", "ESSAI", "--address", ADDRESS), 2, "empty")
expect("no hub there", run("hub", "roots"), 2, "not a hub's folder")
expect("not an office's command", run("status", "hub"), 2, "not a folder of penc|penc init")
os.mkdir("sticks")
for i, path in enumerate(roots):
    shutil.move(path, f"sticks/root-{i + 1}.key")
    os.chmod(f"sticks/root-{i + 1}.key", 0o755)  # as sticks show their files

# ---- inviting and joining
for i in range(9):
    must("init", f"office{i}", "--name", f"Association {i}", "--listen", "127.0.0.1:0")
invitation = must("network", "invite", "hub", "--name", "Association 0")  # the hub does not run yet
assert re.search(r'code: "\w{4}-\w{4}-\w{4}-\w{4}"', invitation), invitation
write("0.network", invitation)
expect("the hub does not run", run("network", "join", "office0", "0.network", "--steward"), 5, "cannot be reached at " + ADDRESS, "penc hub")
card = must("network", "card", "hub")
assert "code" not in card and ADDRESS in card, card
expect("no code", run("network", "join", "office0", write("card.network", card)), 2, "no code")
expect("a card that is none", run("network", "join", "office0", write("bad.network", card.replace(ADDRESS, "nowhere"))), 2, "bad.network line 2", "HOST:PORT")
expect("neither name nor partner", run("network", "invite", "hub"), 2, "--name", "--partner")
expect("not in a network", run("network", "roster", "office1"), 2, "no network")
expect("no epoch without a network", run("network", "epoch", "office1"), 2, "no network")
with Hub():
    expect("one hub a folder", run("hub", "hub", "--listen", "127.0.0.1:0"), 2, "another penc")
    for i in range(9):
        if i > 0:
            write(f"{i}.network", must("network", "invite", "hub", "--name", f"Association {i}" if i < 8 else "Neuf"))
        joined = run("network", "join", f"office{i}", f"{i}.network", *(["--steward"] if i < 7 else []))
        expect(f"office {i} joins", joined, 0, "received the office's keys", "waits")
    expect("again, for its answer was lost", run("network", "join", "office0", "0.network", "--steward"), 0)
    assert os.listdir("office0/epoch") == ["1.keys"]
    assert not os.path.exists("office8/epoch")
    assert sorted(os.listdir("office0/keys")) == ["node.key", "ring", "tls.crt"]
    must("init", "late", "--name", "Trop tard", "--listen", "127.0.0.1:0")
    expect("a used code", run("network", "join", "late", "3.network"), 3, "used")
    expect("a code that was read badly", run("network", "join", "late", write("worse.network", re.sub(r"code: .*", 'code: "aaaa-aaaa-aaaa-aaaa"', invitation))), 3,
           "unknown invitation code")
    must("init", "double", "--name", "Association 5", "--listen", "127.0.0.1:0")
    write("double.network", must("network", "invite", "hub", "--name", "Association 5"))
    expect("a name that is taken", run("network", "join", "double", "double.network"), 2, "has an organisation")
    impostor = re.sub(r'key: "SHA256:.', 'key: "SHA256:' + ("A" if 'key: "SHA256:A' not in invitation else "B"), invitation, count=1)
    expect("another hub", run("network", "join", "late", write("impostor.network", impostor)), 5, "not the key of your network's hub")
    must("init", "exercise", "--name", "Exercice", "--practice", "--listen", "127.0.0.1:0")
    expect("invented records in a real network", run("network", "join", "exercise", "double.network"), 2, "exercise")
    expect("waiting", run("network", "roster", "office0"), 4, "waits to be put into the roster")
    shown = run("network", "roster", "hub")
    expect("who waits", shown, 0, "no roster yet", "Association 0 .*steward", r"Association 8 .*invited as \"Neuf\"", "Invited, not here yet: Association 5")

    # ---- the first roster
    expect("no draft yet", run("network", "roster", "hub", "--sign", "sticks/root-1.key"), 2, "--compose")
    composed = run("network", "roster", "hub", "--compose", "--expires-days", "100")
    expect("a draft", composed, 4, "version 1", "Hash: ", "0 of 2 signatures", "aloud")
    spoken = re.search(r"Hash: (.*)", composed.stdout)[1]
    expect("not a key of this network", run("network", "roster", "hub", "--sign", "hub/keys/hub.key"), 2, "not a root key")
    # Carried to a folder elsewhere, signed, carried back.
    os.mkdir("elsewhere")
    shutil.copy("hub/draft.roster", "elsewhere/draft.roster")
    shown = run("network", "roster", "elsewhere")
    expect("read aloud elsewhere", shown, 0, spoken)
    expect("signed elsewhere", run("network", "roster", "elsewhere", "--sign", "sticks/root-3.key"), 4, "1 of 2 signatures")
    expect("signed as a file", run("network", "roster", "elsewhere/draft.roster", "--sign", "sticks/root-2.key"), 0, "enough signatures", "--put")
    shutil.copy("elsewhere/draft.roster", "hub/draft.roster")
    expect("put", run("network", "roster", "hub", "--put"), 0, "version 1 is in force", spoken)
    assert not os.path.exists("hub/draft.roster")
    shown = json.loads(must("network", "roster", "hub", "--json"))
    assert shown["rosterVersion"] == "1" and "waiting" not in shown, shown
    expect("nothing to put", run("network", "roster", "hub", "--put"), 2, "no draft")

    # ---- partners
    must("partner", "init", "analyst", "--name", "iom-dakar")
    public = open("analyst/iom-dakar.pub").read()
    write("old.pub", re.sub(r"public_key: .*\n", "", public))
    expect("a .pub of before", run("network", "invite", "hub", "--partner", "old.pub"), 2, "older penc", "--as")
    shutil.copy("old.pub", "analyst/iom-dakar.pub")
    assert run("partner", "trust", "analyst", write("x.card", must("card", "office1"))).returncode == 0
    assert open("analyst/iom-dakar.pub").read() == public, "completed by any command"
    letting = run("network", "invite", "hub", "--partner", "analyst/iom-dakar.pub")
    expect("a partner", letting, 0, ADDRESS)
    assert "code" not in letting.stdout
    expect("who is let in", run("network", "roster", "hub"), 0, "Partners: iom-dakar")

    # ---- renewals
    renewed = run("network", "epoch", "office0")
    expect("an epoch", renewed, 0, "at the hub")
    assert sorted(os.listdir("office0/epoch")) == ["1.keys", "2.keys"]
    expect("days out of range", run("network", "epoch", "office0", "--days", "31"), 2, "--days")
    expect("who renews", run("network", "roster", "hub"), 0, "Association 0 .*renews.*epoch 2")
expect("the hub is away", run("network", "epoch", "office1"), 4, "cannot be reached", "next contact")

# ---- a question while the hub is away
must("partner", "trust", "analyst", write("essai.card", must("network", "card", "hub")))
QUESTION = ("ask", "--hub", "ESSAI", "--as", "analyst", "--purpose", "plaidoyer", "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex")


def asking():
    """A question that waits for the hub."""
    process = subprocess.Popen([penc, "--lang", "en", *QUESTION], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.readline()
    holds(f"it says that it waits: {said!r}", "trying again for two minutes at most (Ctrl-C: stop)" in said)
    return process


expect("nobody waits", run(*QUESTION, "--no-wait"), 5, "cannot be reached")
leaving = asking()
leaving.send_signal(signal.SIGINT)
holds("Ctrl-C ends it", leaving.wait(30) == 5)
leaving.stderr.close()
staying = asking()
with Hub():
    said = staying.stderr.readline()
    holds(f"it goes on once the hub is there: {said!r}", re.match(r"round [0-9a-f]+ submitted", said))
    staying.send_signal(signal.SIGINT)
    holds("the round goes on without whoever asked", staying.wait(30) == 4)
    staying.stderr.close()

# ---- with the hub stopped: the same commands
expect("the same on the folder", run("network", "roster", "hub"), 0, "version 1", "renews")
expect("unknown member", run("network", "roster", "hub", "--compose", "--remove", "Association 77"), 2, "Association 77", "Association 0")
second = run("network", "roster", "hub", "--compose", "--sign", "sticks/root-1.key", "--sign", "sticks/root-2.key", "--remove", "Association 7", "--region",
             "Nord=Association 0,Association 1, Association 2,Association 3,Association 4")
expect("the second roster", second, 0, "version 2 is in force", "Association 7 .*has left", r'Region "Nord": members 0, 1, 2, 3, 4', "epoch 2")
expect("fewer than five", run("network", "roster", "hub", "--compose", "--region", "Sud=Association 0,Association 1"), 2, "five")
with Hub():
    # Its roster is fetched by the office's own node; here by joining again, which asks for all of them.
    expect("members get it", run("network", "join", "office0", "0.network", "--steward"), 0, "version 2", "Association 0")
    expect("pinned", run("network", "roster", "office0"), 0, "version 2")
    pinned = json.loads(must("network", "roster", "office0", "--json"))
    assert pinned["member"] and pinned["rosterVersion"] == "2" and pinned["network"] == "ESSAI", pinned
    expect("who left is not known", run("network", "epoch", "office7"), 3, "does not know this key")
    third = run("network", "roster", "hub", "--compose", "--address", "127.0.0.1:1", "--sign", "sticks/root-3.key", "--sign", "sticks/root-1.key")
    expect("another address", third, 0, "Hub: 127.0.0.1:1 ")
    expect("cards name it from now on", run("network", "card", "hub"), 0, '"127.0.0.1:1"')
for lang, said in (("fr", "Réseau «ESSAI», version 3"), ("en", 'Network "ESSAI", version 3')):
    expect(f"in {lang}", run("network", "roster", "hub", lang=lang), 0, said)
# A socket that a crash left behind is no hub.
crashed = socket.socket(socket.AF_UNIX)
crashed.bind("hub/penc.sock")
crashed.close()
expect("a socket left behind", run("network", "card", "hub"), 0, "ESSAI")

end("network")
