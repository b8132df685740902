"""See proposals_test.sh. `proposals.py PENC SOURCE_DIR`."""
import json, os, pty, re, select, subprocess, sys, tempfile, time

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
work = tempfile.TemporaryDirectory()
os.chdir(work.name)


def run(*arguments, lang="en", code=0):
    done = subprocess.run([penc, "--lang", lang, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def at_a_terminal(choose, *arguments, lang="fr"):
    """Exit code and all that was shown. `choose`: from a question and its options to what is typed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(penc, [penc, "--lang", lang, *arguments])
    shown, answered, end = "", 0, time.time() + 60
    while time.time() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the program ended
            break
        if not piece:
            break
        shown += piece.decode("utf-8", "replace").replace("\r", "")
        prompt = "numéro (Entrée: arrêter, rien n'est gardé):" if lang == "fr" else "number (Enter: stop, nothing is kept):"
        while shown.count(prompt) > answered:
            asked = shown.split(prompt)[answered]
            answered += 1
            options = re.findall(r"^(?:penc: )? *(\d+)  (.*)$", asked, re.M)
            os.write(terminal, (choose(asked, {text: number for number, text in options}) + "\n").encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def status():
    return json.loads(run("status", "office", "--json").replace("\n", " "))["status"]


HEADING = "N° dossier;Nom complet;Sexe;Âge (tranche);Nationalité;Mois d'enregistrement;Accord statistiques\n"


def form(name, rows, heading=HEADING):
    with open(name, "w", encoding="utf-8-sig") as f:
        f.write(heading + "".join(rows))


run("init", "office", "--name", "ALCRER", "--policy", f"{source}/policy/profiles/demo.yaml")
form("janvier.csv", [f"BKO-{i};Awa D.;{'Femme' if i % 2 else 'Homme'};25-34;Mali;2026-01;Oui\n" for i in range(1, 9)] + ["BKO-9;Awa;Fillette;25-34;Mali;2026-01;Oui\n"])

# Without a terminal a new form is not guessed at.
said = run("import", "office", "janvier.csv", "--table", "person", code=2)
assert "dry-run" in said and "Awa" not in said, said

# Leaving in the middle keeps nothing.
code, shown = at_a_terminal(lambda asked, options: "", "import", "office", "janvier.csv", "--table", "person")
assert code == 1 and "rien n'est importé" in shown, (code, shown)
assert status().get("stagedRows", "0") == "0"

# At a terminal: what is open is asked, the rest is shown, then it is imported.
asked_about = []


def choose(asked, options):
    asked_about.append(asked)
    for wanted in ("N° dossier", "Femme", "oui", "Oui"):
        for text, number in options.items():
            if text.startswith(wanted) or f"«{wanted}»" in text:
                return number
    return "1"


code, shown = at_a_terminal(choose, "import", "office", "janvier.csv", "--table", "person")
assert code == 0, (code, shown)
assert any("Fillette" in asked for asked in asked_about), asked_about
assert re.search(r"9 lignes lues = 9 gardées", shown), shown
assert "Awa" not in shown, "what a person is called is shown to nobody"
assert re.search(r"nom d'une personne|jamais", shown), shown
mappings = [name for name in os.listdir("office/mappings")]
assert len(mappings) == 1, mappings
kept = open(f"office/mappings/{mappings[0]}", encoding="utf-8").read()
assert "Awa" not in kept and "Fillette" in kept and os.stat(f"office/mappings/{mappings[0]}").st_mode & 0o077 == 0

# The next export of the form needs nobody, whatever the order of its columns.
form("fevrier.csv", [f"2026-02;Oui;BKO-{i};x;Fillette;18-24;Sénégal\n" for i in range(20, 25)],
     "Mois d'enregistrement;Accord statistiques;N° dossier;Nom complet;Sexe;Âge (tranche);Nationalité\n")
said = run("import", "office", "fevrier.csv")
assert "5 rows read = 5 kept" in said and "mapping kept of this form" in said, said

# A changed list of options: the rows wait with the reason, and the dry run names them before.
form("mars.csv", ["BKO-30;x;Femme;25-34;Mali;2026-03;Oui\n", "BKO-31;x;Autre genre;25-34;Mali;2026-03;Oui\n"])
NEW = r"mars\.csv, row 3, column C .Sexe.: a new option%s; write what it means under .columns: sex: values:. in \S*" + mappings[0] + r", with one of these codes: f \(Female\), m"
said = run("import", "office", "mars.csv", "--dry-run")
assert re.search(NEW % "", said) and "Autre genre" not in said, said
# What stands there is shown at the office's own terminal only.
code, shown = at_a_terminal(lambda asked, options: "", "import", "office", "mars.csv", "--dry-run", lang="en")
assert code == 0 and re.search(NEW % ": «Autre genre»", shown), shown
said = run("import", "office", "mars.csv")
assert "2 rows read = 1 kept" in said and "1 to correct" in said and "Autre genre" not in said, said
assert re.search(r"row 3.*column C Sexe: code unknown to the codebook; add it to the mapping's .values.", said), said

# The same of a question with several answers, in one cell and with a column for each option.
CHOICES = "N° dossier;Profil;Profil/uasc;Profil/Femme / enceinte%s\n"
form("suivi.csv", ["S-1;uasc;1;0\n", "S-2;;0;1\n"], CHOICES % "")
proposed = run("import", "office", "suivi.csv", "--table", "person", "--dry-run", "--save-mapping", "suivi.yaml")
assert "Femme / enceinte" in proposed, proposed
with open("suivi.yaml", encoding="utf-8") as f:
    text = f.read()
assert 'options: "Profil"' in text and 'ignore: ["Profil"]' in text, text
with open("suivi.yaml", "w", encoding="utf-8") as f:
    f.write(text.replace('{options: "Profil"}', '{options: "Profil", values: {"Femme / enceinte": pregnant}}'))
said = run("import", "office", "suivi.csv", "--mapping", "suivi.yaml")
assert "2 rows read = 2 kept" in said, said
form("suivi2.csv", ["S-3;gbv;0;0;1;0\n", "S-4;;0;1;0;1\n"], CHOICES % ";Profil/gbv;Profil/Veuve")
for more in ([], ["--dry-run"]):
    said = run("import", "office", "suivi2.csv", *more, code=2)
    assert "suivi.yaml" in said and re.search(r"suivi2\.csv: row 1, column F .Profil/Veuve.: an option that the codebook does not have.*protection_profile: \{options: ., values: \{'Veuve'", said), said
with open("cellule.yaml", "w", encoding="utf-8") as f:
    f.write(text.split("columns:")[0] + 'columns: {protection_profile: Profil}\nignore: ["Profil/*"]\n')
form("suivi3.csv", ["S-5;gbv veuve;0;0\n", "S-6;uasc;1;0\n"], CHOICES % "")
said = run("import", "office", "suivi3.csv", "--mapping", "cellule.yaml")
assert "1 to correct" in said and re.search(r"row 2: column B Profil: code unknown", said) and "veuve" not in said, said

# A changed form is not read by its old mapping.
form("avril.csv", ["BKO-40;x;Femme;25-34;Mali;2026-04;Oui;DZA\n"], HEADING.replace("\n", ";Refoulé de\n"))
said = run("import", "office", "avril.csv", code=2)
assert "the form has changed" in said and "Refoulé de" in said, said

# Two columns of one heading: asked about; what is proposed can be imported as it is, and says which it took.
TWICE = "N° dossier;Sexe;Nationalité;Sexe\n"
form("deux.csv", ["D-1;f;Mali;m\n", "D-2;f;Mali;f\n"], TWICE)
said = run("import", "office", "deux.csv", "--table", "person", "--dry-run", "--save-mapping", "deux.yaml")
assert "several columns say sex" in said and "Sexe (colonne B)" in said and "Sexe (colonne D)" in said, said
said = run("import", "office", "deux.csv", "--mapping", "deux.yaml")
assert "2 rows read = 2 kept" in said, said
form("deux2.csv", ["D-3;f;Mali;m\n"], TWICE)
assert "mapping kept of this form" in run("import", "office", "deux2.csv")
code, shown = at_a_terminal(lambda asked, options: next((n for t, n in options.items() if "colonne D" in t or t == "oui"), ""),
                            "import", "office", "deux2.csv", "--dry-run")
assert code == 0, shown

# A title above the headings.
form("titre.csv", ["T-1;f;Mali\n", "T-2;m;Sénégal\n"], "Liste des retours 2024;;\n;;\nMatricule;Sexe;Nationalité\n")
said = run("import", "office", "titre.csv", "--table", "person", "--dry-run", "--save-mapping", "titre.yaml")
assert "headings in row 3" in said and "2 rows" in said, said
said = run("import", "office", "titre.csv", "--mapping", "titre.yaml")
assert "2 rows read = 2 kept" in said and "headings in row 3" in said, said
form("titre2.csv", ["T-3;f;Mali\n", "T-4;m;Sénégal\n"], "Retours;page 1;\nMatricule;Sexe;Nationalité\n")
for more in (["--table", "person", "--dry-run"], ["--mapping", "titre.yaml"], ["--table", "person"]):
    said = run("import", "office", "titre2.csv", *more, code=2)
    assert "titre2.csv: row 1: " in said and "delete row 1" in said and "names_row: 2" in said, said
print("proposals: asked at a terminal, kept, found again")
