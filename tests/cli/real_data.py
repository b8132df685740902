"""See real_data_test.sh. A cell fails where noise this large has probability below 1e-9 under the stated law."""
import csv, gzip, json, math, os, re, subprocess, sys, tempfile, time
from collections import Counter, defaultdict

import workbook

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
data = os.path.join(os.path.dirname(source), "shared", "data")
if not os.path.isdir(data):
    data = os.environ.get("PENC_TEST_DATA", data)
if not os.path.isdir(data):
    print("skipped: no real data beside the repository (../shared/data)")
    sys.exit(0)
support = os.path.join(source, "tests", "scenarios")


def run(*arguments, ok=(0,)):
    done = subprocess.run([penc, "--lang", "en", *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode not in ok:
        raise SystemExit(f"penc {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def policy_for(codebook_file, columns):
    lines = ["policy: open for tests", "valid_until: 2099-12-31", "promise: {epsilon: 8, delta: 1e-6}",
             "answers: {local: granted, regional: granted}", "columns:"]
    lines += [f"  {column}: allow" for column in columns]
    lines += ["limits: {group_by: 3, cells: 65536}", "display: {hide_margin_above: 100000%, phantoms: 1000000}"]
    return "\n".join(lines) + "\n"


class Office:
    def __init__(self, folder, name, columns, table, port):
        self.folder, self.table = folder, table
        self.office, self.analyst = f"{folder}/office", f"{folder}/analyst"
        codebook = f"{support}/codebooks/{name}.yaml"
        policy = f"{folder}/policy.yaml"
        open(policy, "w").write(policy_for(codebook, columns))
        run("init", self.office, "--name", name, "--codebook", codebook, "--policy", policy)
        self.port = port

    def import_and_close(self, file, mapping):
        self.said = self.bring_in(file, f"{support}/mappings/{mapping}.yaml")
        run("close", self.office)

    def bring_in(self, file, mapping, ok=(0,)):
        return run("import", self.office, file, "--table", self.table, "--mapping", mapping, ok=ok)

    def __enter__(self):
        self.server = subprocess.Popen([penc, "serve", self.office, "--listen", f"127.0.0.1:{self.port}"],
                                       stdout=subprocess.DEVNULL, stderr=open(f"{self.folder}/serve.log", "w"))
        for _ in range(150):
            if os.path.exists(f"{self.office}/penc.sock"):
                break
            time.sleep(0.1)
        run("partner", "init", self.analyst, "--name", "analyst")
        card = f"{self.folder}/office.card"
        open(card, "w").write(run("card", self.office))
        run("partner", "trust", self.analyst, card)
        run("grant", self.office, f"{self.analyst}/analyst.pub", "--share", "100%", "--purpose", "test", "--table",
            self.table, "--until", "2099-01-01")
        self.node = next(line.split(":", 1)[1].strip().strip("\"'").lower() for line in open(card) if line.startswith("card"))
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(20)

    def ask(self, sql, *options):
        return json.loads(run("ask", "--node", self.node, "--as", self.analyst, "--purpose", "test", "--json", *options, sql))


def far(block):
    """The smallest m with P(|noise| > m) < 1e-9 under the stated law (Skellam by a Chernoff bound)."""
    noise = block["noise"]
    parameter = int(noise["parameterNum"]) / int(noise["parameterDen"])
    if noise["family"] == "FAMILY_DISCRETE_LAPLACE":
        return math.ceil(21.5 / parameter) + 1
    x = 1.0
    while True:  # P(X >= x) <= exp(-x asinh(x/mu) + sqrt(mu^2 + x^2) - mu)
        if -x * math.asinh(x / parameter) + math.hypot(parameter, x) - parameter < math.log(5e-10):
            return math.ceil(x)
        x *= 1.02


def cells(table, block):
    axes = [[c.get("code", "") for c in a["categories"]] for a in table.get("axes", [])]
    noisy = [int(v) for v in table["blocks"][block]["noisy"]]
    for index, value in enumerate(noisy):
        key, rest = [], index
        for axis in reversed(axes):
            key.insert(0, axis[rest % len(axis)])
            rest //= len(axis)
        yield tuple(key), value


checked = 0


def check(what, table, block, truth):
    global checked
    bound = far(table["blocks"][block])
    for key, value in cells(table, block):
        assert abs(value - truth.get(key, 0)) <= bound, f"{what} {key}: further than {bound} from the truth"
        checked += 1


with tempfile.TemporaryDirectory() as folder:
    # nlswork: persons by race, person-years by year, mean hours by year.
    os.mkdir(f"{folder}/n")
    office = Office(f"{folder}/n", "nlswork", ["work.race", "work.year", "work.hours"], "work", 7441)
    path = f"{data}/nls_panels/nlswork.csv"
    office.import_and_close(path, "nlswork")
    assert "28,534" in office.said, office.said
    rows = list(csv.DictReader(open(path)))
    with office:
        answer = office.ask("SELECT race, count(DISTINCT person) FROM work GROUP BY race", "--budget", "5%")
        persons = Counter({(r["idcode"], r["race"]) for r in rows})
        check("persons by race", answer["tables"][0], 0, Counter((race,) for _, race in persons))
        answer = office.ask("SELECT year, count(*) FROM work GROUP BY year", "--budget", "10%")
        check("person-years by year", answer["tables"][0], 0, Counter((r["year"],) for r in rows))
        # Cells, totals by race, the total of all: near the truth at every level, and totals that are what they are made of.
        table = office.ask("SELECT race, year, count(*) FROM work WHERE race IS NOT NULL GROUP BY ROLLUP(race, year)",
                           "--budget", "10%")["tables"][0]
        codes = [[c.get("code", "") for c in axis["categories"]] for axis in table["axes"]]
        found = {tuple(codes[i][k] for i, k in enumerate(row["key"])): row["values"][0] for row in table["rows"]}
        truth = Counter()
        for r in rows:
            for key in ((r["race"], r["year"]), (r["race"], "(total)"), ("(total)", "(total)")):
                truth[key] += 1
        assert list(found)[-1] == ("(total)", "(total)") and set(truth) <= set(found), list(found)
        for key, value in found.items():
            if value["shown"] == "SHOWN_YES":
                assert abs(value["value"] - truth[key]) <= 2 * (value["high"] - value.get("low", 0)), (key, value, truth[key])
                checked += 1
        races = [value["value"] for key, value in found.items() if key[0] != "(total)" and key[1] == "(total)"]
        assert sum(races) == found["(total)", "(total)"]["value"] and len(races) == 3, found
        answer = office.ask("SELECT year, avg(hours) FROM work GROUP BY year", "--budget", "20%")
        hours = defaultdict(list)
        for r in rows:
            if r["hours"]:
                hours[r["year"]].append(float(r["hours"]))
        for row in answer["tables"][0]["rows"]:
            code = answer["tables"][0]["axes"][0]["categories"][row.get("key", [0])[0]].get("code", "")
            value = row["values"][0]
            if code in hours and value["shown"] == "SHOWN_YES":
                truth = sum(hours[code]) / len(hours[code])
                width = value["high"] - value["low"]
                assert abs(value["value"] - truth) < 5 * width, f"mean hours {code}: {value} {truth}"
                checked += 1

    # acs2024_ny: composite key, previous residence abroad by sex.
    os.mkdir(f"{folder}/a")
    office = Office(f"{folder}/a", "acs", ["person.sex", "person.migsp", "person.age"], "person", 7442)
    path = f"{data}/acs_pums_2024/acs2024_ny.csv.gz"
    office.import_and_close(path, "acs")
    assert "210,150" in office.said, office.said
    rows = list(csv.DictReader(gzip.open(path, "rt")))
    with office:
        answer = office.ask("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex", "--budget", "2%")
        truth = Counter(({"1": "m", "2": "f"}[r["SEX"]],) for r in rows)
        check("persons by sex", answer["tables"][0], 0, truth)
        answer = office.ask("SELECT migsp, sex, count(DISTINCT person) FROM person GROUP BY migsp, sex", "--budget", "2%")
        total = sum(value for _, value in cells(answer["tables"][0], 0))
        assert abs(total - len(rows)) <= far(answer["tables"][0]["blocks"][0]) * 30
        checked += 1

    # smartnoise: repeated ids and nulls; one heavy person moves the answer no more than a light one.
    os.mkdir(f"{folder}/s")
    office = Office(f"{folder}/s", "pums", ["pums.sex", "pums.married", "pums.age"], "pums", 7443)
    path = f"{data}/smartnoise_pums/PUMS_dup.csv"
    office.import_and_close(path, "pums")
    rows = list(csv.DictReader(open(path)))
    with office:
        answer = office.ask("SELECT married, count(DISTINCT person) FROM pums GROUP BY married", "--budget", "20%")
        block = answer["tables"][0]["blocks"][0]
        assert int(block["l0"]) <= 4 and int(block["linf"]) == 1
        people = len({r["pid"] for r in rows if r["pid"]})
        total = sum(value for _, value in cells(answer["tables"][0], 0))
        assert abs(total - people) <= 0.1 * people + 4 * far(block), (total, people)
        checked += 1

    # The same with nulls: a null value is a cell of its own, a row without reference waits to be corrected and comes back once.
    os.mkdir(f"{folder}/0")
    office = Office(f"{folder}/0", "pums", ["pums.sex", "pums.married", "pums.educ"], "pums", 7444)
    path, mapping = f"{data}/smartnoise_pums/PUMS_null.csv", f"{support}/mappings/pums.yaml"
    rows = list(csv.DictReader(open(path)))
    nameless = [r for r in rows if not r["pid"]]
    said = office.bring_in(path, mapping)
    assert f"1,948 rows read = {len(rows) - len(nameless):,} kept" in said and f" {len(nameless)} to correct" in said, said
    quarantine = re.search(r"^rows to correct: (\S+)", said, re.M).group(1)
    assert os.stat(quarantine).st_mode & 0o777 == 0o600
    lines = workbook.rows(quarantine)
    at = lines[0].index("pid")
    assert [int(line[2]) for line in lines[1:]] == [i for i, r in enumerate(rows, 2) if not r["pid"]]  # as Excel numbers them
    for number, line in enumerate(lines[1:]):
        line[at] = nameless[number]["pid"] = f"found {number}"
    corrected = f"{folder}/0/corrected.csv"
    csv.writer(open(corrected, "w", encoding="utf-8-sig", newline=""), delimiter=";").writerows(lines)
    said = office.bring_in(corrected, mapping)
    assert f"{len(nameless)} rows read = {len(nameless)} kept" in said and "rows to correct" not in said, said
    for again in (path, corrected):
        office.bring_in(again, mapping, ok=(2,))
    run("close", office.office)
    with office:
        for column in ("sex", "married"):
            answer = office.ask(f"SELECT {column}, count(DISTINCT person) FROM pums GROUP BY {column}", "--budget", "20%")
            assert ("",) in dict(cells(answer["tables"][0], 0)), "nulls have a cell"
            check(f"persons by {column}, nulls apart", answer["tables"][0], 0, Counter((value,) for _, value in {(r["pid"], r[column]) for r in rows}))

    # Without any reference a row is a person. R writes an income of 100000 as 1e+05.
    os.mkdir(f"{folder}/r")
    office = Office(f"{folder}/r", "pums", ["pums.educ"], "pums", 7445)
    mapping = f"{folder}/r/each.yaml"
    open(mapping, "w").write(open(f"{support}/mappings/pums.yaml").read().replace("person: [pid]", "person: [each-row]"))
    path = f"{data}/smartnoise_pums/PUMS.csv"
    rows = list(csv.DictReader(open(path)))
    assert any(r["income"] == "1e+05" for r in rows)
    said = office.bring_in(path, mapping)
    assert "1,000 rows read = 1,000 kept" in said, said
    run("close", office.office)
    with office:
        answer = office.ask("SELECT educ, count(DISTINCT person) FROM pums GROUP BY educ", "--budget", "20%")
        check("persons by education", answer["tables"][0], 0, Counter((r["educ"],) for r in rows))

print(f"real data: {checked} released cells lie where the exact law says")
