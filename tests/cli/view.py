"""See view_test.sh. `view.py PENC SOURCE_DIR`."""
import csv, io, json, os, re, subprocess

from program import penc, ran as run, source, work

os.chdir(work.name)
question = "SELECT from_country, count(DISTINCT person), count(*) FROM return_case GROUP BY from_country"
run("init", "office", "--name", "ALCRER", "--policy", f"{source}/policy/profiles/demo.yaml")
with open("persons.csv", "w") as f:
    f.write("person_ref,reg_month,sex,age_band,nationality,protection_profile,consent_stats\n")
    for i in range(30):
        f.write(f"P{i},2025-0{i % 9 + 1},{'fm'[i % 2]},25-34,MLI,{'pregnant' if i in (1, 2) else 'stranded'},{0 if i == 5 else 1}\n")
with open("returns.csv", "w") as f:
    f.write("person_ref,month,from_country\n")
    for i in range(30):
        f.write(f"P{i},2026-01,{'DZA' if i < 20 else 'LBY'}\nP{i},2026-0{i % 5 + 2},LBY\n")
assert "nothing is closed yet" in run("internal", "office", question, code=2).stderr
run("import", "office", "persons.csv", "--table", "person")
run("import", "office", "returns.csv", "--table", "return_case")
staged = run("internal", "office", question, "--staged").stdout
run("close", "office")

# Exact: P5 did not consent. Twenty of thirty came from Algeria first.
said = run("internal", "office", question, lang="fr").stdout
lines = said.splitlines()
assert lines[0].startswith("*** INTERNE, NE PAS DIFFUSER") and lines[-1] == lines[0], said
result = json.loads(run("internal", "office", question, "--json").stdout)["internal"]
numbers = lambda result: {r["key"][0]: [v["value"] for v in r["values"]] for t in result["tables"] for r in t["rows"]}
countries = [c.get("code", "") for c in result["tables"][0]["axes"][0]["categories"]]
assert {countries[k]: v for k, v in numbers(result).items()} == {"DZA": [19, 19], "LBY": [29, 39]}, numbers(result)
assert result["personsWithoutConsent"] == "1" and "Algérie" in said and "Algeria" in staged
table = run("internal", "office", question, "--csv", lang="fr").stdout
assert table.startswith("\ufeff") and "NE PAS DIFFUSER" in table.splitlines()[0]
rows = list(csv.reader(io.StringIO(table), delimiter=";"))
assert ["1", "DZA", "Algérie", "19", "19"] in rows, rows

# Totals of it: exact too, over what is there only.
totals = run("internal", "office", "SELECT year(month), from_country, count(*) FROM return_case GROUP BY ROLLUP(year(month), from_country)", "--csv").stdout
rows = [row[1:] for row in csv.reader(io.StringIO(totals.partition("\ntable")[2]))][1:]
assert rows == [["2026", "2026", "DZA", "Algeria", "19"], ["2026", "2026", "LBY", "Libya", "39"], ["2026", "2026", "(total)", "total", "58"],
                ["(total)", "total", "(total)", "total", "58"]], rows
persons = run("internal", "office", "SELECT sex, count(DISTINCT person) FROM person GROUP BY ROLLUP(sex)").stdout
assert re.search(r"^total +29$", persons, re.M), persons

# Mistakes.
assert "write the coarser first" in run("internal", "office", "SELECT count(*) FROM return_case GROUP BY ROLLUP(month, year(month))", code=2).stderr
assert "an SQL question or --bulletin" in run("internal", "office", code=2).stderr
assert "only one of --json, --csv" in run("internal", "office", question, "--json", "--csv", code=2).stderr
assert "nowhere" in run("internal", "office", "SELECT count(*) FROM nowhere", code=2).stderr

# What to mend: in words, of the office's own language, with where and what next.
report = run("quality", "office", lang="fr").stdout
assert "à corriger, le plus important d'abord" in report and "persons.csv" in report and "→" in report, report
found = json.loads(run("quality", "office", "--json").stdout)["quality"]["findings"]
impossible = [f for f in found if f["kind"] == "KIND_IMPOSSIBLE"]
assert len(impossible) == 1 and impossible[0]["rows"] == "1", found  # P1; of P2, a woman, it is true
assert not [f for f in found if f["kind"] in ("KIND_ORDER", "KIND_CHAIN", "KIND_FUTURE")], found

# Looking stays in the journal, its numbers do not.
journal = run("journal", "show", "office").stdout
assert "internal table made" in journal and "quality of the records looked at" in journal, journal
assert "verified" in run("journal", "verify", "office").stdout

# Through a running node: the same numbers.
node = subprocess.Popen([penc, "serve", "office", "--listen", "127.0.0.1:7461"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
try:
    for line in node.stdout:
        if "7461" in line:
            break
    assert numbers(json.loads(run("internal", "office", question, "--json").stdout)["internal"]) == numbers(result)
    assert "persons.csv" in run("quality", "office").stdout
finally:
    node.terminate()
    node.wait(30)
print("view: exact tables, quality")
