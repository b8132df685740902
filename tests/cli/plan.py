"""See plan_test.sh. `plan.py PENC SOURCE_DIR`."""
import os, re, subprocess, sys, tempfile

penc = os.path.abspath(sys.argv[1])
work = tempfile.TemporaryDirectory()
failures = []


def run(*arguments, lang="en"):
    return subprocess.run([penc, "--lang", lang, *arguments], capture_output=True, text=True, timeout=300, cwd=work.name)


def write(name, text):
    with open(f"{work.name}/{name}", "w") as out:
        out.write(text)
    return name


def read(name):
    with open(f"{work.name}/{name}") as file:
        return file.read()


def expect(what, done, code, *said):
    text = done.stdout + done.stderr
    for pattern in said:
        if not re.search(pattern, text):
            failures.append(f"{what}: /{pattern}/ is not in: {text!r}")
    if done.returncode != code:
        failures.append(f"{what}: exit {done.returncode}, not {code}: {text!r}")
    return text


def margins(text):
    """The margins of the table's rows, by question number."""
    return {int(row[1]): int(row[2].replace(",", "")) for row in re.finditer(r"^ *(\d+) .*?±([\d,]+)", text, re.M)}


PERIOD = "WHERE reg_month BETWEEN '$Q-3' AND '$Q'"
BY_NATIONALITY = f"SELECT nationality, count(DISTINCT person) FROM person {PERIOD} GROUP BY nationality"
BY_PROFILE = f"SELECT protection_profile, count(DISTINCT person) FROM person {PERIOD} GROUP BY protection_profile"


def bulletin(name, *questions, head="bulletin: b\nedition: 2026-Q3\n"):
    return write(name, head + "questions:\n" + "".join(f"  - title: {t}\n    sql: {s}\n{rest}" for t, s, rest in questions))


# Without wanted margins: a table, what would change, a price.
plain = bulletin("plain.yaml", ("one", BY_NATIONALITY, ""), ("two", BY_PROFILE, ""))
said = expect("a plan", run("plan", plain, "--budget", "10%"), 0, "no\\. +question +cells +margin +shown from +phantom rows", "price: 10%",
              r"  1\. fold\(nationality\): \d+ cells instead of \d+, margin as now \(±\d+\)",
              r"  2\. main_of\(protection_profile\): 17 cells as now, margin ±\d+ instead of ±\d+",
              r"  1, 2\. a period 2 times as long \(from 2024-10\): margin as now, counts about 2 times as large")
if "wanted" in said or "weights" in said:
    failures.append(f"nobody wants a margin: {said!r}")
now, other = re.search(r"margin ±(\d+) instead of ±(\d+)", said).groups()
if not int(now) < int(other) == margins(said)[2]:
    failures.append(f"main_of makes one cell a person of five: {said!r}")
# The advice is what planning it gives.
folded = bulletin("folded.yaml", ("one", BY_NATIONALITY, ""), ("two", BY_PROFILE.replace("protection_profile", "main_of(protection_profile)"), ""))
if margins(run("plan", folded, "--budget", "10%").stdout)[2] != int(now):
    failures.append(f"main_of was planned otherwise: {now}")
expect("in French", run("plan", plain, "--budget", "10%", lang="fr"), 0, "lignes fantômes", "montré dès", r"main_of\(protection_profile\): 17 cases comme maintenant, marge ±\d+ au lieu de ±\d+",
       "période 2 fois plus longue")

# Wanted margins: the cheapest price, weights that are written once and then asked with.
wanted = bulletin("wanted.yaml", ("one # first", BY_NATIONALITY, "    margin: 20\n"), ("two", BY_PROFILE, "    margin: 60\n"))
before = read(wanted)
said = expect("wanted margins", run("plan", wanted), 0, "wanted", r"weights: \d+, \d+", r"ask it with: penc ask … --budget [0-9.]+% --bulletin wanted.yaml")
if not (margins(said)[1] <= 20 and margins(said)[2] <= 60):
    failures.append(f"margins that were wanted: {said!r}")
if read(wanted) != before:
    failures.append("a plan without --write changed the file")
cheapest = float(re.search(r"--budget ([0-9.]+)%", said)[1])
expect("a wish that is no weight yet", run("ask", "--node", "n", "--as", "p", "--purpose", "x", "--bulletin", wanted), 2, r"wanted.yaml line 6: questions\[0\].margin", "--write")
written = expect("weights are written", run("plan", wanted, "--write"), 0, "weights written into wanted.yaml")
weights = re.search(r"weights: (\d+), (\d+)", written).groups()
if re.findall(r"weight: (\d+)", read(wanted)) != list(weights) or re.sub(r" *weight: \d+\n", "", read(wanted)) != before:
    failures.append(f"what was written: {read(wanted)!r}")
expect("weights once more", run("plan", wanted, "--write"), 0, f"weights: {weights[0]}, {weights[1]}\n")
if "is not a weight yet" in run("ask", "--node", "n", "--as", "p", "--purpose", "x", "--bulletin", wanted).stderr:
    failures.append("what has weights can be asked")
# A cheaper price cannot pay them: all margins widen alike, and the price is kept.
half = f"{cheapest / 4:.4f}%"
said = expect("a smaller budget", run("plan", wanted, "--budget", half), 0, "the wanted margins would cost", r"at most [12]\.\d+ times|at most 2 times")
got = margins(said)
if not (20 < got[1] <= 42 and 60 < got[2] <= 126) or float(re.search(r"--budget ([0-9.]+)%", said)[1]) > float(half[:-1]):
    failures.append(f"half the accuracy at a quarter of the price: {said!r}")
# A table without a margin has the rest.
rest = bulletin("rest.yaml", ("one", BY_NATIONALITY, "    margin: 20\n"), ("two", BY_PROFILE, ""))
said = expect("the rest of a budget", run("plan", rest, "--budget", "20%"), 0, "price: 20%")
if margins(said)[1] > 20:
    failures.append(f"a stated margin is met first: {said!r}")
expect("no rest", run("plan", rest, "--budget", "0.1%"), 2, "nothing is left for the questions without one", "--budget")

# What nobody can pay, or set.
beyond = bulletin("beyond.yaml", ("one", BY_NATIONALITY, "    margin: 1\n"), ("two", BY_PROFILE, "    margin: 1\n"))
said = expect("no budget pays", run("plan", beyond, "--write"), 3, "no budget pays them", r"The whole budget pays margins [0-9.]+ times as wide", "main_of")
if "weight" in read(beyond):
    failures.append("a refused plan was written")
expect("no budget pays, French", run("plan", beyond, lang="fr"), 3, "aucun crédit ne les paie", "Le crédit entier paie des marges")
mean = bulletin("mean.yaml", ("one", "SELECT avg(recruitment_cost) FROM recruitment_complaint", "    margin: 20\n"))
expect("the margin of a mean", run("plan", mean), 2, "question 1, avg_recruitment_cost: its margin depends on the answer", "weight instead of margin")
expect("the margin of a mean, French", run("plan", mean, lang="fr"), 2, "sa marge dépend de la réponse")
expect("nothing to write", run("plan", plain, "--write"), 2, "plain.yaml states a margin", "margin: 20")
expect("a margin of nothing", run("plan", bulletin("zero.yaml", ("one", BY_NATIONALITY, "    margin: 0\n"))), 2, "zero.yaml line 6", "at least 1")

# Totals: a margin for each level, the detail's first; in a bulletin they have a weight.
totals = "SELECT sex, age_band, count(DISTINCT person) FROM person GROUP BY ROLLUP(sex, age_band)"
said = expect("levels", run("plan", bulletin("totals.yaml", ("one", totals, ""), ("two", BY_NATIONALITY, "")), "--budget", "10%"), 0,
              r"sex, age_band ±\d+; sex ±\d+; total ±\d+", r"1\. fold\(age_band\): \d+ cells instead of \d+")
expect("a margin for each level", run("plan", bulletin("margin.yaml", ("one", totals, "    margin: 20\n"))), 2, "ROLLUP has a margin for each level", "give weight")
expect("a margin for each level, French", run("plan", bulletin("margin.yaml", ("one", totals, "    margin: 20\n")), lang="fr"), 2, "ROLLUP a une marge par niveau")

# An open list: what choosing its words costs, and how many people one needs.
words = write("words.yaml", """codebook: small
version: 1
tables:
  complaint:
    unit: event
    caps: {cells: 2, rows: 4}
    columns:
      agency: {type: text, open: true, sensitivity: ordinary}
""")
BY_AGENCY = "SELECT agency, count(DISTINCT person) FROM complaint GROUP BY agency"
said = expect("an open list", run("plan", bulletin("agency.yaml", ("one", BY_AGENCY, "")), "--codebook", words, "--budget", "20%"), 0,
              r"1\. agency: the organisation's own words; a word is named one time in two from \d+ people on, 95 times in 100 from \d+ on",
              r"the choice costs ε = 0\.\d+, δ = 2e-08 of the delta that the organisation sets aside")
half, most = map(int, re.search(r"from (\d+) people on, 95 times in 100 from (\d+) on", said).groups())
if not 20 < half < most < 100:
    failures.append(f"at a fifth of the budget a word needs some dozens of people: {said!r}")
expect("words have no margin of their own", run("plan", bulletin("agency2.yaml", ("one", BY_AGENCY, "    margin: 20\n")), "--codebook", words), 2,
       "chooses the words of an open list", "weight instead of margin")
expect("words only group", run("plan", bulletin("agency3.yaml", ("one", "SELECT count(*) FROM complaint WHERE agency = 'sud'", "")), "--codebook", words), 3,
       "a question may only group by them")

for failure in failures:
    print(failure)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
