"""See acceptance_test.sh. The files lie outside the repository; without them the test says so."""
import csv, glob, json, os, subprocess, sys, tempfile
from collections import Counter

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
data = os.path.join(os.path.dirname(source), "shared", "data")
if not os.path.isdir(data):
    data = os.environ.get("PENC_TEST_DATA", data)
if not os.path.isdir(f"{data}/importer"):
    print("skipped: no real files beside the repository (../shared/data/importer)")
    sys.exit(0)
work = tempfile.TemporaryDirectory()
os.chdir(work.name)

OLD, ZIP, SHEETS = "old Excel workbook (.xls)", "a zip archive, no workbook", "which sheet is to be read?"
# What `import --dry-run` says of each file: rows that it read, or why it does not take it. No file may be missing here.
VERDICTS = {
    "importer/kobo_random_pii_columns.csv": 381,
    "importer/kobo_random_repeat_ListCaseNos.csv": 4042,
    "importer/libhxl/input-broken.xlsx": 6431,
    "importer/libhxl/input-fuzzy.csv": "row 3, column G: the row has HXL tags, but this cell is none",
    "importer/libhxl/input-invalid.csv": 6,
    "importer/libhxl/input-merged.xlsx": 4,
    "importer/libhxl/input-multiline.csv": 1,
    "importer/libhxl/input-multiple-headers.csv": 2,
    "importer/libhxl/input-quality.xls": OLD,
    "importer/libhxl/input-quality.xlsx": SHEETS,
    "importer/libhxl/input-untagged.csv": 5,
    "importer/libhxl/input-valid-csv.zip": ZIP,
    "importer/libhxl/input-valid-latin1.csv": 4,
    "importer/libhxl/input-valid.csv": 4,
    "importer/libhxl/input-valid.tsv": 4,
    "importer/libhxl/input-valid.xls": OLD,
    "importer/libhxl/input-valid.xlsx": 4,
    "importer/libhxl/input-zip-invalid.zip": ZIP,
    "importer/libhxl/wide-tagging-test.csv": 1,
    "importer/pyxform/cascading_select_test_equivalent.xls": OLD,
    "importer/pyxform/extra_columns.xlsx": 1,
    "importer/pyxform/repeat_date_test.xls": OLD,
    "importer/pyxform/utf_csv.csv": 1,  # the first row is a title
    "importer/pyxform/xl_date_ambiguous.xlsx": SHEETS,
    "importer/pyxform/xl_date_ambiguous_v1.xlsx": SHEETS,
    "importer/pyxform/xlsform_spec_test.xlsx": SHEETS,
    "sci_cotedivoire/civ_hh.csv": 2261,
    "sci_cotedivoire/civ_ind.csv": 4929,
    "sci_cotedivoire/civ_vil.csv": 90,
}

CODEBOOK = """codebook: forms
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  source: [{code: faucet, fr: Robinet, en: Faucet}, {code: other, fr: Autre, en: Other}]
  spent: [{code: food, fr: Nourriture, en: Food}, {code: rent, fr: Loyer, en: Rent}, {code: bills, fr: Factures, en: Bills},
          {code: none, fr: Rien, en: Nothing}]
  yesno: [{code: yes, fr: Oui, en: Yes}, {code: no, fr: Non, en: No}]
  place: [{code: pa, fr: Panamá, en: Panama}, {code: co, fr: Colombie, en: Colombia}, {code: ve, fr: Venezuela, en: Venezuela}]
tables:
  member:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Membres, en: Members}
    columns:
      water: {type: code, codes: source, sensitivity: ordinary, fr: Eau, en: Water}
      age: {type: integer, range: [0, 120], sensitivity: ordinary, fr: Âge, en: Age}
  caseload:
    unit: event
    caps: {cells: 4, rows: 40}
    labels: {fr: Cas, en: Cases}
    columns:
      spent: {type: code, codes: spent, sensitivity: ordinary, fr: Dépense, en: Spent on}
      reachable: {type: code, codes: yesno, sensitivity: ordinary, fr: Joignable, en: Reachable}
  activity:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Activités, en: Activities}
    columns:
      country: {type: code, codes: place, sensitivity: ordinary, fr: Pays, en: Country, hxl: "#country"}
      women: {type: integer, range: [0, 1000], sensitivity: ordinary, fr: Femmes, en: Women, hxl: "#targeted+f"}
"""
MAPPINGS = {
    # What it says, a file whose other columns it ignores, the columns that it does not, those that have a tag only.
    "civ": ("table: member\nparent: {here: KEY_hh, there: KEY_hh}\nperson: [KEY_hh, KEY_ind]\n"
           "columns: {water: ../water, age: ind_age}\n",
            "sci_cotedivoire/civ_ind.csv", ["KEY_hh", "KEY_ind", "ind_age"], []),
    "kobo": ("table: caseload\nparent: {here: instanceID, there: instanceID}\nperson: [instanceID]\n"
            "columns:\n  spent: {from: Profile.HHDemo.ListCaseNos.Caserelation, values: {accomodation: rent, utlities: bills}}\n"
            "  reachable: {from: ../CaseReachable.reachable}\n",
             "importer/kobo_random_repeat_ListCaseNos.csv", ["instanceID", "Profile.HHDemo.ListCaseNos.Caserelation"], []),
    "activity": ("table: activity\nperson: [Registro]\n"
                "columns: {country: {from: '#country', values: {Panamá: pa, Colombia: co, Venezuela: ve}}, women: '#targeted+f'}\n",
                 "importer/libhxl/input-valid.csv", ["Registro", "Hombres", "País"], ["#date+reported"]),
}


def run(*arguments, code=0):
    done = subprocess.run([penc, "--lang", "en", *arguments], capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert code is None or done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


found = {os.path.relpath(path, data) for folder in ("importer", "sci_cotedivoire")
         for path in glob.glob(f"{data}/{folder}/**/*.*", recursive=True) if not path.endswith("SOURCE.txt")}
assert found == set(VERDICTS), found ^ set(VERDICTS)
run("init", "migration", "--name", "Migration", "--policy", f"{source}/policy/profiles/demo.yaml")
for name, verdict in sorted(VERDICTS.items()):
    said = run("import", "migration", f"{data}/{name}", "--dry-run", code=None)
    text = said.stderr + said.stdout
    if isinstance(verdict, int):
        assert said.returncode == 0 and text.startswith(f"{verdict} row"), (name, text[:300])
    else:
        assert verdict in text, (name, text[:300])
        assert said.returncode == (0 if verdict == SHEETS else 2), (name, said.returncode)
    print(f"{name}: {f'{verdict} rows read' if isinstance(verdict, int) else verdict}")
assert json.loads(run("status", "migration", "--json").stdout)["status"].get("stagedRows", "0") == "0"

# Some of them in earnest, compared with what a second program counts.
with open("codebook.yaml", "w") as f:
    f.write(CODEBOOK)
with open("policy.yaml", "w") as f:
    f.write("policy: forms\nvalid_until: 2099-12-31\npromise: {epsilon: 8, delta: 1e-6}\nanswers: {local: granted, regional: granted}\n"
            "columns: {member.age: allow}\nlimits: {group_by: 3, cells: 65536}\ndisplay: {hide_margin_above: 50%, phantoms: 1}\n")
for name, (text, file, used, untitled) in MAPPINGS.items():
    with open(f"{data}/{file}", encoding="utf-8-sig") as f:
        headings = next(row for row in csv.reader(f) if used[0] in row)
    with open(f"{name}.yaml", "w") as f:
        f.write(f"mapping: {name}\ncodebook: forms@1\n{text}ignore: {json.dumps([h for h in headings if h and h not in used] + untitled, ensure_ascii=False)}\n")


def imported(office, mapping, file, *more):
    """Counts of what an import says of itself; the rows go into an office of their own."""
    if not os.path.isdir(office):
        run("init", office, "--name", office, "--codebook", "codebook.yaml", "--policy", "policy.yaml")
    return json.loads(run("import", office, f"{data}/{file}", "--mapping", f"{mapping}.yaml", *more, "--json").stdout)["importFile"]


def counted(office, sql):
    result = json.loads(run("internal", office, sql, "--staged", "--json").stdout)["internal"]["tables"][0]
    codes = [[c.get("code", "") for c in axis["categories"]] for axis in result["axes"]]
    return {tuple(codes[i][k] for i, k in enumerate(row["key"])): row["values"][0]["value"] for row in result["rows"]}


def rows(file):
    with open(f"{data}/{file}", encoding="utf-8-sig") as f:
        return list(csv.DictReader(f))


households = {row["KEY_hh"]: row for row in rows("sci_cotedivoire/civ_hh.csv")}
members = rows("sci_cotedivoire/civ_ind.csv")
said = imported("civ", "civ", "sci_cotedivoire/civ_ind.csv", "--parent", f"{data}/sci_cotedivoire/civ_hh.csv")
assert int(said["read"]) == int(said["stored"]) == len(members), said
water = {k[0]: v for k, v in counted("civ", "SELECT water, count(*) FROM member GROUP BY water").items()}
truth = Counter(households[row["KEY_hh"]]["water"] for row in members)
assert water == dict(truth), (water, truth)

reachable = {row["instanceID"]: row["CaseReachable.reachable"] for row in rows("importer/kobo_random_pii_columns.csv")}
cases = rows("importer/kobo_random_repeat_ListCaseNos.csv")
said = imported("kobo", "kobo", "importer/kobo_random_repeat_ListCaseNos.csv", "--parent", f"{data}/importer/kobo_random_pii_columns.csv")
assert int(said["read"]) == int(said["stored"]) == len(cases), said
spelling = {"accomodation": "rent", "utlities": "bills"}
truth = Counter((spelling.get(row["Profile.HHDemo.ListCaseNos.Caserelation"], row["Profile.HHDemo.ListCaseNos.Caserelation"]),
                 reachable[row["instanceID"]]) for row in cases)
assert counted("kobo", "SELECT spent, reachable, count(*) FROM caseload GROUP BY spent, reachable") == dict(truth)

# One list in four files is one list.
lists = [f"importer/libhxl/input-valid.{kind}" for kind in ("csv", "tsv", "xlsx")]
answers = []
for i, file in enumerate(lists + ["importer/libhxl/input-valid-latin1.csv"]):
    if "latin1" in file:
        assert 'encoding: windows-1252' in run("import", "list0", f"{data}/{file}", "--mapping", "activity.yaml", code=2).stderr
        with open("activity.yaml") as f, open("latin.yaml", "w") as to:
            to.write(f.read() + "file: {encoding: windows-1252}\n")
    said = imported(f"list{i}", "latin" if "latin1" in file else "activity", file)
    assert int(said["stored"]) == 4, (file, said)
    answers.append(counted(f"list{i}", "SELECT country, sum(women) FROM activity GROUP BY country"))
assert answers[0] and all(answer == answers[0] for answer in answers), answers
print(f"acceptance: {len(VERDICTS)} files, {len(members)} members, {len(cases)} cases")
