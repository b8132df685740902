"""See examples_test.sh. `examples.py PENC SOURCE_DIR`: every example of every help text runs, in both languages' help."""
import os, re, shutil, socket, subprocess, sys, tempfile

penc, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
for port in (7410, *range(7411, 7418)):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            print(f"skipped: the examples serve on 127.0.0.1:{port}, which is taken (deploy/quickstart --down ?)")
            sys.exit(0)
work = tempfile.TemporaryDirectory()
env = dict(os.environ, PATH=f"{work.name}/bin:{os.environ['PATH']}", LANG="en_GB.UTF-8", LC_ALL="", TMPDIR=work.name)
os.mkdir(f"{work.name}/bin")
os.symlink(penc, f"{work.name}/bin/penc")
os.symlink(f"{source}/policy", f"{work.name}/policy")


def shell(text, background=False, code=0):
    # /tmp/exercice is where a person would try it; a test leaves no folder behind. The network's hub is on this machine, its root
    # keys still lie where they were made.
    text = text.replace("/tmp/", f"{work.name}/").replace("hub.example.org", "127.0.0.1").replace("/media/usb/", "hub/roots/")
    if background:
        return subprocess.Popen(["bash", "-c", "exec " + text], cwd=work.name, env=env, stderr=subprocess.PIPE, text=True)
    done = subprocess.run(["bash", "-ec", text], cwd=work.name, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{text}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def help_of(*command, lang):
    return subprocess.run([penc, "--lang", lang, *command, "--help"], capture_output=True, text=True, timeout=60).stdout


def commands(path=()):
    yield path
    listed = help_of(*path, lang="en").partition("Subcommands:\n")[2]
    for line in listed.splitlines():
        name = re.match(r"  (\w+) {2,}", line)
        if not name:
            break
        yield from commands((*path, name[1]))


def example(path):
    found = {}
    for lang, word in (("en", "Example"), ("fr", "Exemple")):
        text = help_of(*path, lang=lang)
        title, _, body = text.partition(f"\n{word}")
        assert body, f"penc {' '.join(path)} --help ({lang}) has no example"
        found[lang] = "\n".join(line.strip() for line in body.partition("\n")[2].strip().splitlines())
    assert found["en"] == found["fr"], found
    return found["en"]


def copy(name, to):
    shutil.copy(f"{work.name}/{name}" if os.path.exists(f"{work.name}/{name}") else name, f"{work.name}/{to}")


examples = {" ".join(path): example(path) for path in commands()}
ran = set()


def run(name, background=False, code=0):
    assert name in examples, f"no command {name}"
    ran.add(name)
    return shell(examples[name], background, code)


def serve_a_network():
    """The office of the examples and six more make the network; the analyst asks it. Its processes."""
    run("network create")
    processes = [run("hub", background=True)]
    assert "7410" in processes[0].stderr.readline()
    run("network invite")
    run("network join")
    for i in range(6):
        shell(f"penc init member{i} --name 'Membre {i}' --policy policy.yaml --listen 127.0.0.1:{7412 + i}")
        shell(f"penc demo records people{i} --persons 60 --seed {i} --prefix M{i}- && penc import member{i} people{i}/person.csv --table person")
        shell(f"penc close member{i} --label {edition} && penc network invite hub --name 'Membre {i}' > member{i}.network")
        shell(f"penc network join member{i} member{i}.network --steward")
        shell(f"penc grant member{i} iom-dakar.pub --share 80% --purpose plaidoyer --table person --until 2027-12-31")
    run("network roster", code=4)  # a second signature is needed
    shell("penc network roster hub --sign hub/roots/root-2.key")
    run("network card")
    shell("penc network invite hub --partner iom-dakar.pub > partner.network && penc partner trust analyst migrafrique.network")
    with open(f"{work.name}/bulletin.yaml", "w") as f:
        f.write(f"bulletin: essai\nedition: {edition}\nquestions:\n  - title: Sexe\n"
                "    sql: SELECT sex, count(DISTINCT person) FROM person GROUP BY sex\n"
                f"  - title: Nouveaux\n    sql: SELECT sex, count(DISTINCT person) FROM person WHERE entered = '{edition}' GROUP BY sex\n"
                "  - title: Tendance\n    sql: SELECT entered, count(DISTINCT person) FROM person WHERE entered "
                f"BETWEEN '{int(edition[:4]) - 1}{edition[4:]}' AND '{edition}' GROUP BY entered\n")
    for i in range(6):
        processes.append(shell(f"penc serve member{i}", background=True))
        assert str(7412 + i) in processes[-1].stderr.readline()
    return processes


run("")
run("demo records")
copy("invented/person.csv", "survey.csv")
copy("invented/person.csv", "person.csv")
run("codebook draft")
run("codebook check")
run("init")
copy(f"{source}/policy/codebook/migration.yaml", "codebook.yaml")
copy(f"{source}/policy/profiles/demo.yaml", "policy.yaml")
shell("sed -i 's/person.protection_profile: allow/person.protection_profile: ask/' policy.yaml")
run("codebook apply")
run("policy check")
# Two persons sign what loosens.
run("officer init")
shell("penc officer init moussa --name Moussa --role administrator && penc officer init deputy --name Deputy --role responsable")
run("officer trust")
shell("penc officer trust office moussa/moussa.officer --signed <(penc officer vouch office moussa/moussa.officer --as awa)")
run("officer vouch")
shell("penc officer trust office deputy/deputy.officer --signed deputy.sig")
assert "Deputy" in run("officer list")
run("policy diff")
run("policy sign")
shell("penc policy sign policy.yaml --dir office --as moussa > moussa.sig")
run("policy apply")
run("policy versions")
run("policy show")
run("policy explain")
run("import")
for table in ("person", "incident", "return_case"):
    shell(f"penc import office invented/{table}.csv --table {table}")
run("batches")
run("undo")
run("close")
run("status")
run("card")
copy("office.card", "alcrer.card")
run("partner init")
copy("analyst/iom-dakar.pub", "iom-dakar.pub")
run("partner trust")
run("grant")
edition = re.search(r"20\d\d-Q\d", shell("penc status office"))[0]
network = serve_a_network()
node = run("serve", background=True)
try:
    assert "7411" in node.stderr.readline(), node.stderr.read()
    run("describe")
    for by in ("protection_profile", "sex, protection_profile"):
        shell(f"penc ask --node alcrer --as analyst --purpose plaidoyer 'SELECT {by}, count(DISTINCT person) FROM person GROUP BY {by}'", code=4)
    assert run("pending").count("waits for a decision") == 2
    run("approve")
    run("refuse")
    answers = run("ask")
    assert "1 organisation of 1 answered" in answers and re.search(r"[67] organisations of 7 answered", answers), answers
    assert "answer here" in run("rounds")
    assert "organisations of 7 answered" in run("answer")
    assert "organisations of 7 answered" in run("answer verify")
    differences = run("answer difference")
    assert "Nouveaux" in differences and f"less {int(edition[:4]) - (edition[-1] == '1')}-Q" in differences, differences
    run("network epoch")
    run("network key create")
    run("network key check")
    run("stop")
    run("officer lift")
    run("person sheet", code=2)  # invented people have other references
    run("erase")
    run("expire")
    run("dossier")
    assert "DO NOT PASS ON" in run("internal")
    run("quality")
    run("backup")
finally:
    for process in (node, *network):
        process.terminate()
        assert process.wait(30) == 0, process.args
run("budget")
assert "EVERYTHING" in run("key show")
run("key wrap")
run("key rotate")
run("key new")
assert "switched off" in run("key show")
run("policy simulate")
run("journal sentences")
run("journal show")
run("journal verify")
run("restore")
run("plan")
assert "never charged less" in shell(f"({examples['privacy table']}) 2>&1")
ran.add("privacy table")
for group in ("codebook", "policy", "journal"):
    run(group)
for group in ("partner", "demo", "network", "network key", "person", "key", "officer", "privacy"):  # the example of one of its commands, which ran
    assert examples[group] in examples.values(), group
    ran.add(group)
missing = sorted(set(examples) - ran)
assert not missing, f"prepare and run the examples of: {', '.join(missing)}"
print(f"examples: {len(ran)} run as they stand")
