"""See bad_node_test.sh. `bad_node.py PENC SOURCE_DIR`; the hooks' program beside PENC gives another time of day."""
import glob, json, os, re, shutil, socket, subprocess

from program import end, expect, failures, holds, must, penc, run, source, under_test, work

PORT = 7495
COUNT = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"


class Office:
    """An office with invented records, an analyst who trusts it, perhaps a node."""

    def __init__(self, folder):
        self.folder, self.dir, self.analyst, self.node = folder, f"{folder}/office", f"{folder}/analyst", None
        must("init", self.dir, "--name", "Bad", "--policy", f"{source}/policy/profiles/demo.yaml", "--listen", f"127.0.0.1:{PORT}")
        must("import", self.dir, f"{work.name}/invented/person.csv", "--table", "person")
        must("close", self.dir)
        must("partner", "init", self.analyst, "--name", "analyst")
        open(f"{folder}/bad.card", "w").write(must("card", self.dir))
        must("partner", "trust", self.analyst, f"{folder}/bad.card")
        must("grant", self.dir, f"{self.analyst}/analyst.pub", "--share", "40%", "--purpose", "x", "--table", "person", "--until", "2099-12-31")

    def start(self, program=penc, env=None):
        self.node = subprocess.Popen([program, "--lang", "en", "serve", self.dir], stderr=subprocess.PIPE, text=True, env=dict(os.environ, **(env or {})))
        said = self.node.stderr.readline()
        assert "answers" in said, said

    def stop(self):
        self.node.terminate()
        assert self.node.wait(30) == 0
        self.node.stderr.close()

    def spent(self):
        return [row.get("spentPpm", 0) for row in json.loads(must("budget", self.dir, "--json"))["budget"]["cohorts"]]

    def ask(self, *arguments, purpose="x", analyst=None, **how):
        return run("ask", "--node", "bad", "--as", analyst or self.analyst, "--purpose", purpose, *arguments, **how)

    def free(self, what, done, code, *said):
        """Expected as above, and nobody was charged for it."""
        expect(what, done, code, *said)
        if self.spent() != self.before:
            failures.append(f"{what}: something was charged: {self.before} to {self.spent()}")

    def watch(self):
        self.before = self.spent()


must("demo", "records", f"{work.name}/invented", "--persons", "300")
os.mkdir(f"{work.name}/a")
office = Office(f"{work.name}/a")
office.start()
office.watch()

# Questions that are no questions.
for what, arguments, code, said in [
    ("unknown table", ["SELECT count(*) FROM persn"], 3, "did you mean person"),
    ("unknown column", ["SELECT sexe, count(*) FROM person GROUP BY sexe"], 3, "did you mean sex"),
    ("one person by reference", ["SELECT count(*) FROM person WHERE person_ref = 'MLI-0001'"], 2, "column 35.*no question can name a person"),
    ("one person among others", ["SELECT count(*) FROM person WHERE sex = 'f' OR person.person_ref IN ('a', 'b')"], 2, "no question can name a person"),
    ("a row", ["SELECT person_ref, sex FROM person"], 2, "no question can name a person"),
    ("four billion cells", ["SELECT nationality, origin_country, dest_country, country, count(*) FROM person GROUP BY nationality, origin_country, dest_country, country"],
     2, "more than 1048576 cells"),
    ("too many cells for the policy", ["SELECT nationality, origin_country, sex, count(*) FROM person GROUP BY nationality, origin_country, sex"], 3, "too many cells"),
    ("a code that is none", ["SELECT count(*) FROM person WHERE sex = 'femme'"], 2, "not a code of sex.*: f, m, x, u"),
    ("a date that is none", ["SELECT count(*) FROM person WHERE reg_month > '2026-13'"], 2, "for example '2026-03'"),
    ("a date outside the codebook", ["SELECT count(*) FROM person WHERE reg_month = '1812-06'"], 2, "never be true|outside"),
    ("no measure that we know", ["SELECT mode(age_band) FROM person"], 2, r"count\(DISTINCT person\)"),
    ("a median of words", ["SELECT median(age_band) FROM person"], 2, "a median needs a number"),
    ("a quantile that is none", ["SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY seq) FROM status_event"], 2, "between 0 and 1"),
    ("bands that the codebook has not", ["SELECT band(seq), count(*) FROM status_event GROUP BY band(seq)"], 2, "no bands"),
    ("a margin of nothing", ["--margin", "0", COUNT], 2, "--margin"),
    ("a budget that a script left empty", ["--budget", "", COUNT], 2, "is not a share"),
    ("more than the share", ["--budget", "90%", COUNT], 3, "SHARE_EXHAUSTED"),
]:
    office.free(what, office.ask(*arguments), code, said)
office.free("a purpose that was not granted", office.ask(COUNT, purpose="curiosity"), 3, "PURPOSE_NOT_GRANTED")
office.free("an office that is not known", run("ask", "--node", "good", "--as", office.analyst, "--purpose", "x", COUNT), 2, "known: bad")

# Keys, addresses, other protocols.
must("partner", "init", f"{work.name}/stranger", "--name", "stranger")
must("partner", "trust", f"{work.name}/stranger", f"{office.folder}/bad.card")
office.free("a key without a grant", office.ask(COUNT, analyst=f"{work.name}/stranger"), 3, "no grant for your key.*penc grant")
os.mkdir(f"{work.name}/b")
with open(f"{office.folder}/bad.card") as card:
    other = re.sub("SHA256:.{43}", "SHA256:" + "A" * 42 + "E", card.read())
open(f"{work.name}/b/bad.card", "w").write(other)
must("partner", "init", f"{work.name}/b/misled", "--name", "misled")
must("partner", "trust", f"{work.name}/b/misled", f"{work.name}/b/bad.card")
office.free("another key than the card's", office.ask(COUNT, analyst=f"{work.name}/b/misled"), 5, "not that organisation's key: nothing was sent")
with socket.create_connection(("127.0.0.1", PORT), timeout=30) as plain:
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    try:
        while part := plain.recv(4096):
            answer += part
    except ConnectionResetError:
        pass
    holds(f"a plain-text client was answered: {answer!r}", b"HTTP" not in answer)
tls12 = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-tls1_2"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
holds(f"TLS 1.2 was spoken: {tls12.stdout[-300:]}", tls12.returncode != 0 or "Cipher is (NONE)" in tls12.stdout)
expect("still answering", office.ask(COUNT), 0, "about [0-9,]+ people followed")
office.watch()

# A second node, on the same folder and on the same port.
expect("a second node on the folder", run("serve", office.dir, "--listen", f"127.0.0.1:{PORT + 1}"), 2, "another penc already uses this folder")
must("init", f"{work.name}/second", "--name", "second")
expect("a second node on the port", run("serve", f"{work.name}/second", "--listen", f"127.0.0.1:{PORT}"), 5, "address is taken.*--listen")
office.stop()
office.free("nobody there", office.ask(COUNT), 5, "penc serve")

# Another time of day, a year off in both directions, at either end.
for days, said in [("-365", "not valid yet: check the time"), ("365", "expired.*check your computer's time")]:
    office.start(under_test, {"PENC_TEST_CLOCK_DAYS": days})
    office.free(f"the office's clock {days} days off", office.ask("SELECT count(*) FROM person"), 3 if days == "-365" else 2, said)
    office.stop()
office.start()
for days in ("-365", "365"):
    done = office.ask("SELECT count(*) FROM person", program=under_test, env={"PENC_TEST_CLOCK_DAYS": days})
    office.free(f"the partner's clock {days} days off", done, 2, "check your computer's time")
os.remove(f"{office.dir}/keys/tls.crt")  # of a year ago, from just now
office.stop()
office.start()
done = office.ask("SELECT count(*) FROM person", program=under_test, env={"PENC_TEST_CLOCK_DAYS": "-365"})
office.free("a certificate that begins later than the partner's clock", done, 5, "not valid today: check your computer's time")
expect("with the right time", office.ask("SELECT count(*) FROM person"), 0, "about")

# Output that nobody can write.
expect("an answer to a full disk", office.ask(COUNT, stdout=open("/dev/full", "w")), 1, "cannot write the output.*No space left")
expect("a card to a full disk, French", run("card", office.dir, lang="fr", stdout=open("/dev/full", "w")), 1, "impossible d'écrire la sortie")
office.stop()

# The write-ahead log: a flipped byte is damage, a torn tail is not.
log = max(glob.glob(f"{office.dir}/db/*.log"), key=os.path.getsize)
whole = open(log, "rb").read()
assert len(whole) > 2000, len(whole)
open(log, "r+b").write(whole[:600] + bytes([whole[600] ^ 1]) + whole[601:])
for lang, said in [("en", "damaged.*restore a backup"), ("fr", "abîmée.*restaurez une sauvegarde")]:
    expect(f"a flipped byte in the log, {lang}", run("status", office.dir, lang=lang), 6, said)
expect("no question is answered from it", run("serve", office.dir), 6, "damaged")
open(log, "wb").write(whole + b"\0\1torn")
expect("a torn tail", run("journal", "verify", office.dir), 0, "journal verified")

# The folder itself.
os.rename(f"{office.dir}/keys/node.key", f"{work.name}/node.key")
expect("a key that is gone", run("status", office.dir), 6, "node.key: this key is missing")
os.rename(f"{work.name}/node.key", f"{office.dir}/keys/node.key")
os.chmod(office.dir, 0o755)
expect("a folder that others may enter", run("serve", office.dir), 3, "chmod 700")
os.chmod(office.dir, 0o700)
if os.geteuid() == 0:
    os.chmod(work.name, 0o755)
    expect("another user", run("status", office.dir, user="nobody"), 3, "permission denied|accès refusé")
accents = f"{work.name}/dossier d'été, l'an 1"
shutil.move(office.dir, accents)
expect("a folder with spaces and accents", run("status", accents), 0, "Bad")
deep = f"{work.name}/" + "/".join(["x" * 100] * 4)
os.makedirs(deep)
shutil.move(accents, f"{deep}/office")
office.dir = f"{deep}/office"
office.start()
expect("a path longer than a socket's", run("status", office.dir), 0, "Bad")
expect("and an answer there", office.ask(COUNT), 0, "about")
office.node.kill()
office.node.wait()
expect("a socket that a kill left", run("status", office.dir), 0, "Bad")
office.start()
office.stop()


def mounted(name, size):
    folder = f"{work.name}/{name}"
    os.mkdir(folder)
    if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True).returncode == 0:
        return folder
    print(f"skipped: {name} needs root and a tmpfs")
    return None


# A disk that fills up under a running node, and one that nobody may write to.
if small := mounted("small", "110m"):
    try:
        full = Office(small)
        must("import", full.dir, f"{work.name}/invented/incident.csv", "--table", "incident")
        full.start()
        stored = full.ask("--json", COUNT)
        assert stored.returncode == 0
        full.watch()
        try:
            with open(f"{small}/fill", "wb") as fill:
                while True:
                    fill.write(b"x" * 65536)
        except OSError:
            pass
        full.free("a question on a full disk", full.ask("SELECT reason, count(*) FROM person GROUP BY reason"), 1, "^penc: the organisation's disk is full")
        expect("what was answered before", full.ask("--json", COUNT), 0)
        if full.ask("--json", COUNT).stdout != stored.stdout:
            failures.append("the stored answer is another one on a full disk")
        status = must("status", full.dir)
        year, quarter = map(int, re.search(r"editions: (\d+)-Q(\d)", status).groups())
        following = f"{year + quarter // 4}-Q{quarter % 4 + 1}"
        for what, command in [("closing", ["close", full.dir, "--label", following]), ("erasing", ["erase", full.dir, "--person", "MLI-0001"]),
                              ("importing", ["import", full.dir, f"{work.name}/invented/return_case.csv", "--table", "return_case"]),
                              ("undoing", ["undo", full.dir, "2"]), ("granting", ["grant", full.dir, f"{full.analyst}/analyst.pub", "--share", "50%", "--purpose", "x", "--table", "person", "--until", "2099-12-31"]),
                              ("a backup", ["backup", full.dir, f"{small}/b.penc"])]:
            full.free(f"{what} on a full disk", run(*command), 1, "disk full|free some space")
        if must("status", full.dir) != status:
            failures.append(f"something changed on a full disk: {status}\n{must('status', full.dir)}")
        full.free("the emergency stop on a full disk", run("stop", full.dir), 1, "refuses every question from now on")
        full.free("what was answered before, after the stop", full.ask(COUNT), 1, "^penc: the organisation's disk is full")
        full.stop()
        expect("opening on a full disk", run("status", full.dir), 1, "disk full")
        os.remove(f"{small}/fill")
        expect("afterwards the journal stands", run("journal", "verify", full.dir), 0, "verified")
        full.start()
        if full.ask("--json", COUNT).stdout != stored.stdout:
            failures.append("the stored answer is another one after a full disk")
        full.watch()
        expect("afterwards it closes", run("close", full.dir, "--label", following), 0, following)
        full.stop()
        shutil.rmtree(full.dir)
        shutil.copytree(office.dir, f"{small}/copy")
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        for lang, said in [("en", "cannot be written to"), ("fr", "impossible d'y écrire")]:
            expect(f"a read-only disk, {lang}", run("status", f"{small}/copy", lang=lang), 3, said)
        expect("making an office there", run("init", f"{small}/new", "--name", "x"), 3, "cannot make")
    finally:
        subprocess.run(["umount", small], capture_output=True)

end("bad node")
