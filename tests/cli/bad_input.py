"""See bad_input_test.sh. `bad_input.py PENC SOURCE_DIR`; the hooks' program beside PENC gives another time of day."""
import os, re, subprocess

from program import end, expect, failures, penc, run, source, under_test, work

office = f"{work.name}/office"


def write(name, content):
    path = f"{work.name}/{name}"
    with open(path, "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    return path


assert run("init", office, "--name", "bad", "--codebook", f"{source}/tests/scenarios/codebooks/nlswork.yaml", "--policy",
           write("policy.yaml", "policy: t\nvalid_until: 2099-12-31\npromise: {epsilon: 8, delta: 1e-6}\nanswers: {local: granted, regional: granted}\ncolumns: {work.race: allow, work.year: allow, work.hours: allow}\n")).returncode == 0
HEAD = "person_ref,race,year,hours\n"
good = HEAD + "a,black,70,20\nb,white,71,30\n"


def imports(what, content, code, *said):
    before = run("status", office).stdout
    expect(what, run("import", office, write("f.csv", content), "--table", "work"), code, *said)
    if code != 0 and run("status", office).stdout != before:
        failures.append(f"{what}: something changed")


# An edition closes once: not by somebody who has not imported yet.
expect("closing before importing", run("close", office), 2, "nothing is staged", "penc import", "--label")
expect("still open", run("status", office, lang="fr"), 0, "éditions: aucune")
imports("wrong delimiter", good.replace(",", "|"), 2, "no column", "delimiter")
imports("not UTF-8", good.encode() + b"c,bl\xe9ck,70,20\n", 2, "UTF-8", "windows-1252")
imports("truncated in a quote", HEAD + 'a,"black,70,20\n', 2, "quote", "truncated")
imports("NUL bytes", good + "\0\0", 2, "NUL")
imports("duplicate heading", "person_ref,race,race,hours\na,black,black,1\n", 2, "twice")
imports("a name column", "person_ref,race,year,hours,Nom\na,black,70,20,X\n", 2, "name", "ignore")
imports("empty file", "", 2, "empty")
imports("an Excel workbook", b"PK\x03\x04rest", 2, "workbook", "copy or export it again")
imports("mostly unknown codes", HEAD + "a,blue,70,20\nb,green,71,30\n", 2, "more than half", "row 2")
imports("a long record", HEAD + "a," + "x" * (3 << 20), 2, "1 MiB")
pipe = subprocess.Popen(["sh", "-c", "printf 'person_ref,race,year,hours\\na,'; head -c 3000000000 /dev/zero | tr '\\0' x"], stdout=subprocess.PIPE)
expect("a line without end through a pipe", run("import", office, "-", "--table", "work", stdin=pipe.stdout), 2, "1 MiB")
pipe.stdout.close()
pipe.wait()
imports("unknown code and a year out of range go to quarantine", good + "c,blue,70,20\nd,black,99,20\ne,black,70,20\n", 0, "5 rows read = 3 kept", "2 to correct", "quarantine")
imports("the same file again", good + "c,blue,70,20\nd,black,99,20\ne,black,70,20\n", 2, "in already")
# The same export again, grown: its old rows would count twice.
export = HEAD + "".join(f"g{i},white,7{i},1{i}\n" for i in range(5))
imports("an export whose rows have no identity", export, 0, "5 rows read = 5 kept")
grown = export + "g9,black,72,12\n"
expect("the export, grown: dry run", run("import", office, write("f.csv", grown), "--table", "work", "--dry-run"), 0, "will be refused.*--again.*5 rows")
imports("the export, grown", grown, 2, "there already", "about 80 % of the file; batch \\d+", "--replace", "--again")
expect("the export, grown, French", run("import", office, write("f.csv", grown), "--table", "work", lang="fr"), 2, "déjà là")
expect("new events all the same", run("import", office, write("f.csv", grown), "--table", "work", "--again"), 0, "6 rows read = 6 kept")
expect("unknown table", run("import", office, write("g.csv", good), "--table", "worker"), 2, "worker", "its tables: work")
expect("no table", run("import", office, write("g.csv", good)), 2, "which table.*: work")
expect("a folder for a file", run("import", office, work.name, "--table", "work"), 2, "folder")
expect("no such file", run("import", office, f"{work.name}/none.csv", "--table", "work"), 2, "none.csv")
expect("no such office", run("status", f"{work.name}/nowhere"), 2, "nowhere")
expect("an office where one is", run("init", office, "--name", "x"), 2, "empty|already")
expect("unknown command", run("frobnicate"), 2, "--help")
expect("undo of nothing", run("undo", office, "77"), 2, "no batch 77")
expect("a damaged mapping", run("import", office, write("h.csv", good), "--mapping", write("m.yaml", "mapping: m\ncodebook: nlswork@1\ntable: work\nperson: [a]\nperson: [b]\ncolumns: {race: race}\n")), 2, "m.yaml line 5")
expect("a policy with an unknown column", run("policy", "check", write("p.yaml", "policy: p\nvalid_until: 2099-01-01\npromise: {epsilon: 8, delta: 1e-6}\nanswers: {local: nobody, regional: granted}\ncolumns:\n  work.rase: allow\n"), "--codebook", f"{source}/tests/scenarios/codebooks/nlswork.yaml"), 2, "line 6", "work.race")
expect("a workbook that is none, looked at", run("import", office, write("w.xlsx", b"PK\x03\x04rest"), "--table", "work", "--dry-run", lang="fr"), 2, "w.xlsx: classeur abîmé")
relative = write("b.yaml", "bulletin: b\nquestions:\n  - sql: SELECT count(*) FROM assistance WHERE month = '$M'\n")
expect("periods without an edition", run("plan", relative), 2, "b.yaml", "edition")
expect("periods counted from another edition", run("plan", relative, "--edition", "2026-Q3"), 0, "2026-09")
expect("an edition that is none", run("plan", relative, "--edition", "2026-Q5"), 2, "2026-Q5", "2026-Q3")
expect("an edition beside SQL", run("ask", "--node", "n", "--as", "p", "--purpose", "x", "--edition", "2026-Q3", "SELECT count(*) FROM assistance"), 2, "--bulletin")
# What a French Excel saves: the proposal is a file that can be kept, corrected and used.
excel = write("excel.csv", "Numéro;race;Année\r\n7;black;70\r\n8;white;71\r\n".encode("cp1252"))
expect("a French Excel file, French", run("import", office, excel, "--table", "work", lang="fr"), 2, "windows-1252", "--dry-run")
proposed = run("import", office, excel, "--table", "work", "--dry-run", lang="fr")
expect("a proposal", proposed, 0, "^# À vérifier ligne par ligne", "proposition, rien n'est importé", "encoding: windows-1252", '"Numéro"')
uncorrected = write("open.yaml", proposed.stdout)
expect("a proposal that nobody corrected", run("import", office, excel, "--mapping", uncorrected), 2, r"excel.csv: \S*open.yaml line \d+: person: .*which column is the person's reference", "Numéro, race, Année", r"\[each-row\]")
guessed = write("values.yaml", proposed.stdout.replace('person: ["?"]', 'person: ["Numéro"]').replace('ignore: ["Numéro"]', 'ignore: []').replace('{from: "race"}', '{from: "race", values: {noir: "?"}}'))
expect("a value that nobody answered", run("import", office, excel, "--mapping", guessed), 2, r"values.yaml line \d+: columns.race.values.noir: column .race.: an answer is missing", r"black \(")
# Lines of two encodings, whichever comes first; a sheet that is too wide; headings in Arabic.
for more in ([], ["--dry-run"]):
    expect("mixed encodings", run("import", office, write("mixed.csv", good.encode() + "c,é,70,20\n".encode() + b"d,\xe9,70,20\n"), "--table", "work", *more), 2, "mixed.csv: line 5 of the file: .*two encodings")
    expect("Arabic headings", run("import", office, write("arabe.csv", "person_ref,العرق,year,hours\na,black,70,20\n"), "--table", "work", *more), *(
        (0, "B  العرق") if more else (2, 'arabe.csv: row 1, column B "العرق": is neither .*ignore.*--dry-run')))
    wide = write("wide.csv", ",".join(f"c{i}" for i in range(17000)) + "\n" + "1," * 16999 + "1\n")
    expect("17,000 columns", run("import", office, wide, "--table", "work", *more), 2, "wide.csv: row 1: 17000 columns, at most 16380")
expect("mixed encodings, the other way", run("import", office, write("mixed2.csv", "person_ref,race,Année\n".encode("cp1252") + "a,é,70\n".encode()), "--table", "work", "--dry-run"), 2, "mixed2.csv: line 2 of the file: it is UTF-8, but .*windows-1252")
corrected = write("mapping.yaml", proposed.stdout.replace('person: ["?"]', 'person: ["Numéro"]').replace('ignore: ["Numéro"]', 'ignore: []'))
expect("a proposal, corrected and used", run("import", office, excel, "--mapping", corrected), 0, "2 rows read = 2 kept")
expect("nobody of that reference", run("erase", office, "--person", "nobody"), 0, "no row has this reference", "check")
assert run("close", office).returncode == 0
expect("closing twice", run("close", office), 2, "already closed", "--label")
expect("a label that is none", run("close", office, "--label", "hier", lang="fr"), 2, "hier", "2026-Q1")

# Granting, saving, restoring: the mistakes of people.
assert run("partner", "init", f"{work.name}/analyst", "--name", "analyst").returncode == 0
GRANT = ["--share", "40%", "--purpose", "x", "--table", "work"]
pub = f"{work.name}/analyst/analyst.pub"
expect("a grant that ended", run("grant", office, pub, *GRANT, "--until", "2020-12-31"), 2, "2020-12-31", "past")
expect("a card for a key", run("grant", office, write("a.card", run("card", office).stdout), *GRANT, "--until", "2099-12-31"), 2, "a.card line 1")
expect("a French date", run("grant", office, pub, *GRANT, "--until", "31/12/2099", lang="fr"), 2, "par exemple 2027-01-31")
expect("JSON and CSV", run("ask", "--node", "n", "--as", "p", "--purpose", "x", "--json", "--csv", "SELECT count(*) FROM work"), 2, "only one of")
expect("an office inside no folder", run("init", f"{work.name}/no/such/office", "--name", "x"), 2, "/no/such", "make it first")
expect("a port that is none", run("serve", office, "--listen", "127.0.0.1:99999"), 2, "--listen", "HOST:PORT")
expect("a backup", run("backup", office, f"{work.name}/b.penc"), 0, "keys")
expect("a backup over another", run("backup", office, f"{work.name}/b.penc"), 2, "exists already")
expect("restoring nothing", run("restore", f"{work.name}/none.penc", f"{work.name}/r"), 2, "no such file")
expect("restoring over an office", run("restore", f"{work.name}/b.penc", office), 2, "exists already")
saved = open(f"{work.name}/b.penc", "rb").read()
expect("restoring half a backup", run("restore", write("half.penc", saved[: len(saved) // 2]), f"{work.name}/r"), 6, "another copy")
expect("into a folder with spaces and accents", run("restore", f"{work.name}/b.penc", f"{work.name}/à restaurer"), 0, "forfeited|lost")

# A command line that cannot be run, in both languages: what is wrong, what it means, what to write.
for what, arguments, french, english in [
    ("no command", [], "il manque la commande: init", "a subcommand is required: init"),
    ("a misspelt command", ["statsu", office], "ce n'est pas statsu; vouliez-vous dire status.*\\n  commandes: init", "it is not statsu; did you mean status.*\\n  commands: init"),
    ("no name", ["init", "x"], r"il manque --name \(le nom de l'organisation.*\n  penc init DIR --name NOM", r"--name is required \(the organisation's name.*\n  penc init DIR --name NAME"),
    ("no folder", ["status"], r"il manque DIR \(le dossier de l'organisation", r"DIR is required \(the office's folder"),
    ("a misspelt option", ["close", office, "--lable", "2026-Q3"], "argument inconnu ou de trop: --lable; vouliez-vous dire --label", "unknown option: --lable; did you mean --label"),
    ("a word for a number", ["undo", office, "premier"], r'valeur impossible: BATCH \(son numéro.*"premier" n', r'convert: BATCH \(its number.*"premier" is not'),
    ("a word too many", ["batches", office, "and"], "argument inconnu ou de trop: and", "one argument too many: and"),
    ("an option without its value", ["import", office, "f.csv", "--table"], r"il manque une valeur: --table \(la table du lexique", r"a value is missing: --table \(the codebook's table"),
    ("a value for a flag", ["status", office, "--json=maybe"], "ne prend pas de valeur: --json", "takes no value: --json"),
    ("an option twice", ["close", office, "--label", "a", "--label", "b"], "donné plusieurs fois: --label", "given more than once: --label"),
]:
    expect(f"{what}, French", run(*arguments, lang="fr"), 2, french, "Aide: penc.* --help")
    expect(f"{what}, English", run(*arguments), 2, english, "Help: penc.* --help")
# The language where no --lang says it; a --lang that is none.
LOCALES = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": ""}
for locale, said in [({}, "il manque DIR"), ({"LANG": "C.UTF-8"}, "il manque DIR"), ({"LANG": "fr_SN.UTF-8"}, "il manque DIR"),
                     ({"LANG": "en_GB.UTF-8"}, "DIR is required"), ({"LANG": "en_GB.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "il manque DIR")]:
    expect(f"the language of {locale}", run("status", lang=None, env={**LOCALES, **locale}), 2, said)
expect("a language that is none", run("status", office, lang="de", env={**LOCALES, "LANG": "fr_SN.UTF-8"}), 2, 'valeur impossible: --lang.*"de"')
expect("--lang after the command", run("status", "--lang", "fr", lang=None, env={**LOCALES, "LANG": "en_GB.UTF-8"}), 2, "il manque DIR")


def descriptions(text):
    """What stands right of the names, on their line or, where the names are long, on the next; and the title."""
    title, _, body = text.partition("\n\n")
    yield title.splitlines()[0]
    for line in re.split(r"\n(?:Example|Exemple)", body)[0].splitlines():
        found = re.match(r"  +\S.*? {2,}(\S.*)$|  {20,}(\S.*)$", line)
        if found:
            yield found[1] or found[2]


# Help: no description of any command is the same in both languages, whatever stands left of it.
waiting, helped = [[]], 0
while waiting:
    command, helped = waiting.pop(), helped + 1
    english, french = (run(*command, "--help", lang=lang).stdout for lang in ("en", "fr"))
    for description in set(descriptions(english)) & set(descriptions(french)):
        failures.append(f"penc {' '.join(command)} --help: not in French: {description!r}")
    for word in ["Positionals:", "Subcommands:", "REQUIRED", "SUBCOMMAND", "Example"]:
        if word in french:
            failures.append(f"penc {' '.join(command)} --help: {word} in French help")
    waiting += [command + [name] for name in re.findall(r"^  (\w+) {2,}", english.partition("Subcommands:\n")[2].partition("\n\n")[0], re.M)]
assert helped > 25, helped

# The journal: a line for people, everything for programs.
for lang, said in [("fr", ["0  20.*organisation créée: bad", "fichier importé: table work, lot 1", r"édition arrêtée: 20\d\d-Q\d"]),
                   ("en", ["0  20.*office created: bad", "file imported: table work, batch 1", r"edition closed: 20\d\d-Q\d"])]:
    shown = run("journal", "show", office, lang=lang)
    expect(f"the journal in {lang}", shown, 0, *said)
    for word in ["salt", "format", "UnixMicros", "{"]:
        if word in shown.stdout:
            failures.append(f"the journal in {lang} shows {word}: {shown.stdout[:300]!r}")
expect("the journal for programs", run("journal", "show", office, "--json"), 0, "office_created", "salt")

# Questions, without asking any: refused in words, with the place.
for what, sql, code, said in [
    ("unknown table", "SELECT count(*) FROM wrok", 3, "did you mean work"),
    ("unknown column", "SELECT rase, count(*) FROM work GROUP BY rase", 3, "did you mean race"),
    ("one person", "SELECT count(*) FROM work WHERE person = 'a'", 2, "no question can name a person"),
    ("all rows", "SELECT * FROM work", 2, "column 8"),
    ("a row limit", "SELECT count(*) FROM work LIMIT 1", 2, "LIMIT"),
    ("a join", "SELECT count(*) FROM work JOIN person USING (person)", 2, "join"),
    ("not SQL", "how many?", 2, "begins with SELECT"),
    ("many parentheses around one condition", "SELECT count(*) FROM work WHERE " + "(" * 5000 + "year = 70" + ")" * 5000, 2, "too many open parentheses"),
    ("nested without end", "SELECT count(*) FROM work WHERE " + "NOT (year = 70 OR " * 700 + "year = 71" + ")" * 700, 2, "too many NOT|nested"),
    ("a hundred thousand parentheses", "(" * 100000, 2, "too long|deep"),
]:
    expect(what, run("policy", "explain", office, sql), code, said)

# Two nodes on one directory; a damaged directory; another time of day.
first = subprocess.Popen([penc, "serve", office, "--listen", "127.0.0.1:7491"], stderr=subprocess.PIPE, text=True)
first.stderr.readline()
expect("a second node", run("serve", office, "--listen", "127.0.0.1:7492"), 2, "already uses")
first.terminate()
first.wait(30)
for days, said in [("-365", "clock|label"), ("365", "clock|label")]:
    expect(f"closing with a clock {days} days off", run("close", office, program=under_test, env={"PENC_TEST_CLOCK_DAYS": days}), 2, said)
config = open(f"{office}/office.yaml").read()
open(f"{office}/office.yaml", "w").write(config + "oops: [\n")
expect("a file for a folder", run("quality", f"{work.name}/h.csv", lang="fr"), 2, "h.csv n'est pas un dossier de penc")
expect("a damaged configuration, French", run("status", office, lang="fr"), 2, r"office.yaml ligne \d+, colonne \d+: YAML mal formé \(un crochet \[ n'est pas fermé\)")
expect("a damaged configuration", run("status", office), 2, "office.yaml")
open(f"{office}/office.yaml", "w").write(config)
os.chmod(f"{office}/keys/node.key", 0o644)
expect("a key that others can read", run("status", office), 3, "chmod 600")
os.chmod(f"{office}/keys/node.key", 0o600)
expect("all is well again", run("journal", "verify", office), 0, "verified")

# A full disk: on a small tmpfs where that is permitted.
small = f"{work.name}/small"
os.mkdir(small)
if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", small], capture_output=True).returncode == 0:
    try:
        tight = f"{small}/office"
        assert run("init", tight, "--name", "tight", "--codebook", f"{source}/tests/scenarios/codebooks/nlswork.yaml", "--policy", f"{work.name}/policy.yaml").returncode == 0
        big = write("big.csv", HEAD + "".join(f"p{i},black,{70 + i % 15},{i % 100}\n" for i in range(1500000)))
        expect("a disk that fills during an import", run("import", tight, big, "--table", "work"), 1, "disk full")
        expect("nothing of it shows", run("status", tight), 0, "staged rows: 0")
        expect("the journal stands", run("journal", "verify", tight), 0, "verified")
        fits = write("fits.csv", HEAD + "".join(f"p{i},black,{70 + i % 15},{i % 100}\n" for i in range(300000)))
        expect("a file that fits", run("import", tight, fits, "--table", "work"), 0, "300,000 rows read")
        before = run("status", tight).stdout
        with open(f"{small}/fill", "wb") as fill:
            fill.write(b"x" * (os.statvfs(small).f_bavail * os.statvfs(small).f_frsize - (49 << 20)))
        expect("a disk that fills during a closing", run("close", tight), 1, "disk full")
        os.remove(f"{small}/fill")
        expect("no half edition shows", run("status", tight), 0, "editions: none", "staged rows: 300,000")
        if run("status", tight).stdout != before:
            failures.append("a closing that found no room changed something")
        expect("the journal stands after it", run("journal", "verify", tight), 0, "verified")
        expect("with room it closes", run("close", tight), 0, "300,000 rows")
        expect("a small file still fits", run("import", tight, write("little.csv", good), "--table", "work"), 0, "2 rows read")
    finally:
        subprocess.run(["umount", small], capture_output=True)
else:
    print("skipped: a full disk needs root and a tmpfs")

end("bad input")
