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
said = run("import", "office", "mars.csv", "--dry-run")
assert "new options: «Autre genre»" in said and mappings[0] in said, said
said = run("import", "office", "mars.csv")
assert "2 rows read = 1 kept" in said and "1 to correct" in said, said

# A changed form is not read by its old mapping.
form("avril.csv", ["BKO-40;x;Femme;25-34;Mali;2026-04;Oui;DZA\n"], HEADING.replace("\n", ";Refoulé de\n"))
said = run("import", "office", "avril.csv", code=2)
assert "the form has changed" in said and "Refoulé de" in said, said
print("proposals: asked at a terminal, kept, found again")
