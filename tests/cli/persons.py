"""See persons_test.sh. `persons.py PENC SOURCE_DIR`."""
import html.parser, json, os, re, stat, zipfile

from program import ran as run, source, work

os.chdir(work.name)


def content(path):
    """All bytes of a file; of a workbook what its parts hold."""
    if not zipfile.is_zipfile(path):
        return open(path, "rb").read()
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(name) for name in book.namelist())


def status():
    return json.loads(run("status", "office", "--json").stdout)["status"]


class Elements(html.parser.HTMLParser):
    """Names of all elements; every one that is opened is closed, and none brings anything from elsewhere."""
    def __init__(self, text):
        super().__init__()
        self.names, self.open = set(), []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        assert not {"src", "href"} & {name for name, _ in attributes}, (tag, attributes)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def printable(path):
    text = open(path, encoding="utf-8").read()
    names = Elements(text).names
    assert "table" in names and not {"script", "img", "link"} & names, names
    assert "@page{size:A4" in text and "url(" not in text and not re.search(r"#(?!000|666|eee|fff)[0-9a-f]{3}\b", text)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    return text


run("init", "office", "--name", "ALCRER <test>", "--policy", f"{source}/policy/profiles/demo.yaml")
rows = {"BKO-0042": "f,25-34,MLI,1", "BKO-0043": "m,18-24,BFA,1", "BKO-0044": "f,35-59,SEN,0", "BKO-0045": "f,25-34,MLI,"}
heading = "person_ref,sex,age_band,nationality,consent_stats\n"
with open("persons.csv", "w") as f:
    f.write(heading + "".join(f"{ref},{row}\n" for ref, row in rows.items()))
with open("returns.csv", "w") as f:
    f.write("person_ref,month,from_country\nBKO-0042,2026-01,DZA\nBKO-0042,2026-04,LBY\nBKO-0044,2026-01,DZA\n")
with open("bad.csv", "w") as f:
    f.write(heading + "BKO-0042,f,narnia,MLI,1\nBKO-0043,m,18-24,BFA,1\nBKO-0099,f,narnia,MLI,1\nBKO-0098,f,25-34,MLI,1\n")
columns = open(f"{source}/policy/codebook/migration.yaml").read()
assert "return_case:" in columns and "from_country" in columns
run("import", "office", "persons.csv", "--table", "person")
run("import", "office", "returns.csv", "--table", "return_case", "--keep-until", "2099-12-31")
quarantine = json.loads(run("import", "office", "bad.csv", "--table", "person", "--json").stdout)["importFile"]["quarantineFile"]
closed = run("close", "office", lang="fr")
assert re.search(r"2 personnes sur 5 ne sont pas comptées.*person\.consent_stats", closed.stderr), closed.stderr
assert "of these without consent, not counted: 2" in run("status", "office").stdout

# The sheet: what is kept, in words, in both languages; nothing of it is named by its code only.
sheet = run("person", "sheet", "office", "--person", "bko-0042", lang="fr").stdout
for words in ("Sexe", "Femme", "25-34 ans", "Mali", "persons.csv", "gardé jusqu'au 2099-12-31", "Vos droits", "-bad.xlsx", "donné: la personne est comptée"):
    assert words in sheet, (words, sheet)
english = run("person", "sheet", "office", "--person", "BKO-0044").stdout
assert "not given: the person is counted in no answer" in english and "Senegal" in english, english
assert "epsilon" not in (sheet + english).lower()
said = run("person", "sheet", "office", "--person", "BKO-0042", "--html", "sheet.html")
assert said.stdout == "" and "PDF" in said.stderr
page = printable("sheet.html")
assert "BKO-0042" in page and "ALCRER &lt;test&gt;" in page
nobody = run("person", "sheet", "office", "--person", "nobody", "--html", "nobody.html", code=2)
assert "nothing is kept under this reference" in nobody.stderr and nobody.stdout == "" and not os.path.exists("nobody.html")
assert json.loads(run("person", "sheet", "office", "--person", "nobody", "--json", code=2).stdout)["personSheet"]["unknown"]
for inside in ("office/sheet.html", "office/quarantine/../sheet.html", f"{work.name}/office/grants/sheet.html"):
    refused = run("person", "sheet", "office", "--person", "BKO-0042", "--html", inside, code=2)
    assert "inside the office's folder" in refused.stderr and not os.path.exists(inside), refused.stderr
journal = run("journal", "show", "office", "--json").stdout
assert journal.count("sheet_printed") == 5 and "0042" not in journal

# Erasing: out of the records and of what was set aside, shown, and said what it cannot reach.
run("backup", "office", "before.penc")
erased = run("erase", "office", "--person", "BKO-0042")
for pattern in (r"\A3 rows erased", r"quarantine/.*bad\.xlsx.*: 1 row taken out", r"verified: \d+ sealed chunks opened one by one",
                r"your own files, too.*: persons.csv, returns.csv, bad.csv", r"old files of the database removed", r"backups made before still hold these rows \(1, the last on \d{4}-"):
    assert re.search(pattern, erased.stdout, re.M), (pattern, erased.stdout)
for folder, _, names in os.walk("office"):
    for name in names:
        if name != "penc.sock":
            assert b"BKO-0042" not in content(f"{folder}/{name}"), f"{folder}/{name}"
assert b"BKO-0099" in content(quarantine)
again = run("erase", "office", "--person", "BKO-0042", lang="fr").stdout
assert "aucune ligne n'a cette référence" in again and "la clé de cette personne n'est dans aucun" in again
assert "verified" in run("journal", "verify", "office").stdout

# Consent withdrawn by a later file of the same rows, and given back by undoing it.
with open("mapping.yaml", "w") as f:
    f.write("mapping: returns\ncodebook: migration@2\ntable: return_case\nperson: [ref]\nrow: [n]\nconsent: {from: ok, keep: [oui]}\n"
            "columns: {month: {from: q}, from_country: {from: c}}\n")
with open("kobo.csv", "w") as f:
    f.write("ref,n,q,c,ok\nBKO-0043,1,2026-01,DZA,oui\nBKO-0043,2,2026-04,LBY,oui\n")
run("import", "office", "kobo.csv", "--mapping", "mapping.yaml")
year, quarter = map(int, status()["editions"][-1].split("-Q"))
run("close", "office", "--label", f"{year + quarter // 4}-Q{quarter % 4 + 1}")
with open("kobo2.csv", "w") as f:
    f.write("ref,n,q,c,ok\nBKO-0043,1,2026-01,DZA,oui\nBKO-0043,2,2026-04,LBY,non\n")
withdrawn = run("import", "office", "kobo2.csv", "--mapping", "mapping.yaml", lang="fr").stdout
assert "1 ligne plus ancienne n'est plus comptée" in withdrawn, withdrawn
assert "consent withdrawn" in run("person", "sheet", "office", "--person", "BKO-0043").stdout
batch = json.loads(run("batches", "office", "--json").stdout)["batches"]["batches"][-1]["id"]
run("undo", "office", batch)
assert "consent withdrawn" not in run("person", "sheet", "office", "--person", "BKO-0043").stdout

# A no is a no though something else in its row is wrong, and though whoever reviewed the form rejected it.
people = "SELECT count(DISTINCT person) FROM person"
count = lambda: json.loads(run("internal", "office", people, "--staged", "--json").stdout)["internal"]["tables"][0]["rows"][0]["values"][0]["value"]
before = count()
with open("four.csv", "w") as f:
    f.write(heading + "".join(f"BKO-006{i},f,25-34,MLI,1\n" for i in range(4)))
run("import", "office", "four.csv", "--table", "person")
assert count() == before + 4
with open("no.csv", "w") as f:
    f.write(heading + "BKO-0060,f,25-34,nowhere,0\nBKO-0061,f,25-34,MLI,perhaps\nBKO-0062,f,25-34,nowhere,1\nBKO-0069,f,25-34,MLI,1\n"
            "BKO-0068,f,25-34,MLI,1\nBKO-0067,f,25-34,MLI,1\n")
said = run("import", "office", "no.csv", "--table", "person").stdout
assert "6 rows read = 3 kept" in said and "3 to correct" in said and "row 2, 3" in said, said
waits = content(re.search(r"rows to correct: (\S+)", said).group(1))
assert b"BKO-0062" in waits and b"BKO-0060" not in waits and b"BKO-0061" not in waits and b"perhaps" not in waits
assert count() == before + 4 - 2 + 3, count()
with open("status.yaml", "w") as f:
    f.write("mapping: status\ncodebook: migration@2\ntable: person\nperson: [ref]\nstatus: {from: review, skip: [rejected]}\n"
            "consent: {from: ok, keep: [oui]}\ncolumns: {sex: s}\n")
with open("status.csv", "w") as f:
    f.write("ref,s,ok,review\nBKO-0063,f,non,rejected\nBKO-0067,f,oui,rejected\n")
run("import", "office", "status.csv", "--mapping", "status.yaml")
assert count() == before + 4, count()

# A refusal that says nobody's name is told; the file of what was set aside goes when all of it came back and is closed.
with open("status2.csv", "w") as f:
    f.write("ref,s,ok,review\n,f,non,\nBKO-0070,f,oui,\n")
said = run("import", "office", "status2.csv", "--mapping", "status.yaml", lang="fr").stdout
assert "refus dont la personne n'est pas à trouver" in said and "ligne 2" in said, said
with open("fix.csv", "w") as f:
    f.write(heading + "BKO-0080,f,25-34,MLI,1\nBKO-0081,f,25-34,Mali!,1\n")
first = json.loads(run("import", "office", "fix.csv", "--table", "person", "--json").stdout)["importFile"]["quarantineFile"]
with zipfile.ZipFile(first) as book:
    parts = {name: book.read(name).replace(b"Mali!", b"MLI") for name in book.namelist()}
with zipfile.ZipFile("fixed.xlsx", "w") as book:
    for name, part in parts.items():
        book.writestr(name, part)
done = run("import", "office", "fixed.xlsx", "--table", "person")
assert "all of its rows came back" in done.stdout + done.stderr, done
assert os.path.exists(first)
run("close", "office", "--label", f"{year + (quarter + 1) // 4}-Q{(quarter + 1) % 4 + 1}")
assert not os.path.exists(first)

# Undone, and over: rows set aside go with their batch.
with open("bad2.csv", "w") as f:
    f.write(heading + "BKO-0090,f,25-34,MLI,1\nBKO-0091,f,narnia,MLI,1\n")
undone = json.loads(run("import", "office", "bad2.csv", "--table", "person", "--json").stdout)["importFile"]
assert os.path.exists(undone["quarantineFile"])
gone = run("undo", "office", undone["batch"])
assert "removed with batch" in gone.stdout + gone.stderr and not os.path.exists(undone["quarantineFile"])

# The dossier, from what is true here.
dossier = run("dossier", "office", lang="fr").stdout
for words in ("# Dossier de protection des données", "Aucun but n'est autorisé", "return\\_case", "L'organisation n'est membre d'aucun réseau",
              "person.consent\\_stats dit: Oui", "lisible par le seul compte", "À régler: fichiers de lignes à corriger", "| sauvegardes | 1 |"):
    assert words in dossier, (words, dossier)
assert "| return\\_case | 2 | 1 | 2099-12-31 | 2099-12-31 |" in dossier
run("dossier", "office", "--html", "dossier.html")
assert "Data-protection dossier" in printable("dossier.html")
os.chmod("office", 0o755)
assert "TO BE MENDED: other users of the computer may enter the folder" in run("dossier", "office").stdout
os.chmod("office", 0o700)
assert json.loads(run("dossier", "office", "--json").stdout)["dossier"]["journal"]["backups"] == "1"

# Retention.
assert "no row is to be taken out" in run("expire", "office").stdout
assert "another" not in run("expire", "office", "--today", "2001-01-01", code=2).stdout
print("persons: sheet, erasing, withdrawal, dossier, retention")
