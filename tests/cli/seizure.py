"""See seizure_test.sh. `seizure.py PENC SOURCE_DIR`."""
import json, os, re, shutil, signal, socket, subprocess, threading, time

from program import end, expect, failures, must, penc, run, work

os.chdir(work.name)
OFFICES = 6
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    ADDRESS = f"127.0.0.1:{probe.getsockname()[1]}"


class Process:
    """A program that serves; what it says is gathered."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([penc, "--lang", "en", *arguments], stderr=subprocess.PIPE, text=True)
        self.said, self.news = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stderr:
            with self.news:
                self.said.append(line)
                self.news.notify_all()

    def hears(self, pattern, seconds=30):
        with self.news:
            return self.news.wait_for(lambda: any(re.search(pattern, line) for line in self.said), seconds)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(30)


def serve(office, *more):
    return Process("serve", office, "--listen", "127.0.0.1:0", *more)


# ---- on a stick
os.mkdir("stick")
must("init", "alone", "--name", "Seule", "--practice")
expect("in the folder", run("key", "show", "alone"), 0, "EVERYTHING", "penc key wrap alone")
expect("no such place", run("key", "wrap", "alone", "--with", "safe"), 2, "file:PATH", "stewards")
expect("in the folder itself", run("key", "wrap", "alone", "--with", "file:alone/x.key"), 2, "outside of the office's folder")
assert not os.path.exists("alone/x.key")
expect("stewards alone", run("key", "wrap", "alone", "--with", "stewards"), 2, "spare key", "--without-spare")
expect("no network", run("key", "wrap", "alone", "--with", "stewards", "--without-spare"), 2, "no roster")
node = serve("alone")
assert node.hears("answers on"), node.said
expect("while it serves", run("key", "wrap", "alone", "--with", "file:stick/alone.key"), 0, "stick/alone.key", "same disk", "SSD")
assert node.end() == 0 and not os.path.exists("alone/keys/node.key")
expect("what is left", run("key", "show", "alone"), 0, "switched off: no record", "steals the stick")
shown = json.loads(must("key", "show", "alone", "--json"))
assert shown["places"][0]["file"].endswith("/stick/alone.key"), shown
os.rename("stick", "pocket")
expect("the stick is away", run("status", "alone"), 5, "plug in the USB stick", "Nothing is lost")
expect("in French", run("serve", "alone", lang="fr"), 5, "branchez la clé USB", "Rien n'est perdu")
expect("elsewhere today", run("status", "alone", "--key-from", "pocket/alone.key"), 0, "Seule")
expect("key show needs no key", run("key", "show", "alone"), 0, "stick/alone.key")
expect("nor can it be changed", run("key", "rotate", "alone"), 5, "plug in the USB stick")
os.rename("pocket", "stick")
shutil.copy("stick/alone.key", "lost.key")
expect("another key", run("key", "rotate", "alone"), 0, "a new node key")
expect("the lost one", run("status", "alone", "--key-from", "lost.key"), 3, "from before penc key rotate")
expect("the new one", run("status", "alone"), 0, "Seule")
expect("the journal says it", run("journal", "show", "alone"), 0, "in a file elsewhere, another key, same places")
must("init", "other", "--name", "Autre", "--practice")
expect("another office's key file", run("key", "wrap", "other", "--with", "file:stick/alone.key"), 2, "another office's folder", "penc key wrap other --with file:OTHER")
expect("nor is it rotated away", run("status", "alone"), 0, "Seule")
expect("again into one's own", run("key", "wrap", "alone", "--with", "file:stick/alone.key"), 0, "stick/alone.key")
os.rename("stick/alone.key.office", "claim")
expect("a file that nobody says is theirs", run("key", "wrap", "other", "--with", "file:stick/alone.key"), 0, "held a key already")
expect("but is another's now", run("key", "rotate", "alone", lang="fr"), 2, "d'une autre organisation", "penc key wrap alone --with file:AUTRE")
expect("both still open", run("status", "alone"), 0, "Seule")
expect("a file of its own", run("key", "wrap", "alone", "--with", "file:stick/mine.key"), 0, "stick/mine.key")
expect("now it rotates", run("key", "rotate", "alone"), 0, "a new node key")
expect("and so does the other", run("key", "rotate", "other"), 0, "a new node key")
expect("each with its own", run("status", "other"), 0, "Autre")
for command in (("rotate", "elsewhere"), ("wrap", "elsewhere", "--with", "file:stick/x.key")):
    expect("a folder that is none", run("key", *command), 2, "elsewhere is not a folder of penc")
assert not os.path.exists("stick/x.key")
must("key", "new", "stick/penc-alone")
expect("systemd lends it", run("key", "wrap", "alone", "--with", "credential:penc-alone", env={"CREDENTIALS_DIRECTORY": f"{work.name}/stick"}), 0, "penc-alone")
expect("and to nobody else", run("status", "alone"), 5, "LoadCredential=penc-alone")
expect("but to its service", run("status", "alone", env={"CREDENTIALS_DIRECTORY": f"{work.name}/stick"}), 0, "Seule")
expect("a backup without it", run("backup", "alone", f"{work.name}/alone.penc", "--key-from", "credential:penc-alone", env={"CREDENTIALS_DIRECTORY": f"{work.name}/stick"}), 0,
       "Its key is not in it")
expect("opens with it", run("restore", "alone.penc", "again", "--key-from", "stick/penc-alone"), 0, "restored")
expect("back into the folder", run("key", "wrap", "again", "--with", "here", "--key-from", "stick/penc-alone"), 0, "in the folder itself")
expect("as at first", run("status", "again"), 0, "Seule")

# ---- with stewards
roots = must("network", "create", "hub", "--name", "ESSAI", "--address", ADDRESS).split()
hub = Process("hub", "hub")
assert hub.hears(re.escape(ADDRESS)), hub.said
for i in range(OFFICES):
    must("init", f"office{i}", "--name", f"Association {i}")
    with open(f"{i}.network", "w") as f:
        f.write(must("network", "invite", "hub", "--name", f"Association {i}"))
    must("network", "join", f"office{i}", f"{i}.network", "--steward")
must("network", "roster", "hub", "--compose", "--sign", roots[0], "--sign", roots[1])
nodes = [serve(f"office{i}") for i in range(OFFICES)]
for i, node in enumerate(nodes):
    assert node.hears("answers on"), (i, node.said)
for i in range(OFFICES):
    until = time.monotonic() + 30
    while run("network", "roster", f"office{i}").returncode != 0:
        assert time.monotonic() < until, f"office{i} never got the roster"
        time.sleep(0.2)
wrapped = run("key", "wrap", "office0", "--with", "stewards", "--with", "file:stick/spare.key")
expect("shared", wrapped, 0, "shares with 5 stewards of the network, 2 of whom", "Association 1", "spare.key")
assert os.listdir("office0/keys") and not os.path.exists("office0/keys/node.key")
os.rename("stick/spare.key", "safe.key")  # goes into the safe
expect("what a thief would have", run("key", "show", "office0"), 0, "--remove", "dead", "any one of them")

# A power cut while a steward's computer is off, too: it comes back by itself.
nodes[0].process.kill()
nodes[0].process.wait()
shutil.copytree("office0", "stolen", ignore=shutil.ignore_patterns("*.sock"))
assert nodes[1].end() == 0
began = time.monotonic()
nodes[0] = serve("office0")
if not nodes[0].hears("answers on"):
    failures.append(f"office0 did not come back: {nodes[0].said}")
print(f"back after {time.monotonic() - began:.1f} s")
assert any("leave the computer on" in line for line in nodes[0].said), nodes[0].said
leaves = must("journal", "show", "office2")
assert "share of a key given back to a member that starts: Association 0" in leaves, leaves

# The computer is stolen; the thief is quick: the README says so. Then the phone rings.
expect("before the call", run("status", "stolen"), 0, "Association 0")
assert nodes[0].end() == 0
expect("the call", run("network", "roster", "hub", "--compose", "--remove", "Association 0", "--sign", roots[0], "--sign", roots[1]), 0, "has left")
expect("after it", run("status", "stolen"), 3, "taken this office off its roster", "spare key")
expect("in French", run("serve", "stolen", lang="fr"), 3, "retiré cette organisation", "ne démarre pas")
expect("the spare key still opens", run("status", "office0", "--key-from", "safe.key"), 0, "Association 0")

# Whoever waits for the hub is told so, and stops when told to.
assert hub.end() == 0
waiting = serve("stolen")
if not waiting.hears("cannot be reached"):
    failures.append(f"nothing is said of the hub: {waiting.said}")
if waiting.end() != 0:
    failures.append(f"stopping while it waits: {waiting.said}")
for node in nodes[2:]:
    assert node.end() == 0

end("seizure")
