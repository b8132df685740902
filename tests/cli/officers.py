"""See officers_test.sh. `officers.py PENC SOURCE_DIR`."""
import json, os

from program import end, expect, must, run, source, work

os.chdir(work.name)


def write(name, text):
    with open(name, "w") as f:
        f.write(text)


def sign(policy, person, to):
    done = run("policy", "sign", policy, "--dir", "office", "--as", person)
    assert done.returncode == 0, done.stderr
    write(to, done.stdout)
    return done.stderr


with open(f"{source}/policy/profiles/demo.yaml") as f:
    demo = f.read()
write("old.yaml", demo.replace("person.protection_profile: allow", "person.protection_profile: deny"))
write("tighter.yaml", demo.replace("person.protection_profile: allow", "person.protection_profile: deny").replace("person.sex: allow", "person.sex: ask"))
write("looser.yaml", demo)
write("other.yaml", demo + "publication: {delay_days: 1}\n")
must("init", "office", "--name", "ALCRER", "--policy", "old.yaml")

expect("what loosens, in French", run("policy", "diff", "office", "looser.yaml", lang="fr"), 0, r"assouplit .*person.protection_profile\): fermé → permis", "ASSOUPLIT.*deux personnes")
expect("two files", run("policy", "diff", "old.yaml", "tighter.yaml"), 0, r"tightens .*\(person.sex\): allowed → a person decides", "one person is enough")
expect("only its remarks differ", run("policy", "diff", "old.yaml", "old.yaml"), 0, "in all: the same")
expect("tightening alone", run("policy", "apply", "office", "tighter.yaml"), 0, "version 2: tightens")

expect("no key enrolled", run("policy", "apply", "office", "looser.yaml"), 2, "no responsable protection is enrolled", "penc officer init FOLDER", "penc officer trust")
expect("no key enrolled, in French", run("policy", "apply", "office", "looser.yaml", lang="fr"), 2, "aucun responsable protection n'est inscrit")
for name, role in (("awa", "responsable"), ("moussa", "administrateur"), ("ali", "responsable")):
    must("officer", "init", name, "--name", name.capitalize(), "--role", role)
expect("a role that there is not", run("officer", "init", "x", "--name", "X", "--role", "chef"), 2, "responsable")
expect("a folder with something in it", run("officer", "init", "awa", "--name", "Awa", "--role", "responsable"), 2, "not empty")
must("officer", "trust", "office", "awa/awa.officer")
expect("no administrator yet", run("policy", "apply", "office", "looser.yaml"), 5, "signature is missing|no administrator is enrolled")
must("officer", "trust", "office", "moussa/moussa.officer")
expect("who signs", run("officer", "list", "office", lang="fr"), 0, "Awa +responsable protection +SHA256:", "Moussa +administrateur")
expect("a second one by himself", run("officer", "trust", "office", "ali/ali.officer"), 5, "penc officer vouch")

said = sign("looser.yaml", "awa", "awa.sig")
assert "loosens" in said and "in place of version 2" in said, said
sign("looser.yaml", "moussa", "moussa.sig")
sign("other.yaml", "awa", "other.sig")
sign("looser.yaml", "ali", "ali.sig")
expect("nobody signed", run("policy", "apply", "office", "looser.yaml"), 5, "signature is missing: responsable protection", "penc policy sign looser.yaml")
expect("the same person twice", run("policy", "apply", "office", "looser.yaml", "--signed", "awa.sig", "--signed", "awa.sig"), 5, "Awa signs twice: it takes two persons")
expect("the wrong role only", run("policy", "apply", "office", "looser.yaml", "--signed", "moussa.sig"), 5, "signature is missing: responsable protection")
expect("the responsable only", run("policy", "apply", "office", "looser.yaml", "--signed", "awa.sig"), 5, "signature is missing: administrator")
expect("signature of another policy", run("policy", "apply", "office", "looser.yaml", "--signed", "other.sig", "--signed", "moussa.sig"), 5, "of another text")
expect("somebody who is not enrolled", run("policy", "apply", "office", "looser.yaml", "--signed", "ali.sig", "--signed", "moussa.sig"), 5, "nobody here has it")
expect("what is no signature", run("policy", "apply", "office", "looser.yaml", "--signed", "old.yaml"), 2, "old.yaml")
expect("a folder of nobody", run("policy", "sign", "looser.yaml", "--dir", "office", "--as", "office"), 2, "penc officer init")
expect("both signed", run("policy", "apply", "office", "looser.yaml", "--signed", "awa.sig", "--signed", "moussa.sig"), 0, "version 3: loosens; signed by Awa .*Moussa")
expect("the same once more", run("policy", "apply", "office", "looser.yaml", lang="fr"), 0, "rien n'a changé.*version 3")
expect("taken back by one", run("policy", "apply", "office", "tighter.yaml"), 0, "version 4: tightens")
expect("the same signatures again", run("policy", "apply", "office", "looser.yaml", "--signed", "awa.sig", "--signed", "moussa.sig"), 5, "have it signed again")
expect("versions", run("policy", "versions", "office", lang="fr"), 0, r"4 .*resserre", r"3 .*assouplit +Awa \(responsable protection\), Moussa", "la première")
expect("an old text", run("policy", "show", "office", "1"), 0, "person.protection_profile: deny")
expect("a version that is not there", run("policy", "show", "office", "9"), 2, "from 1 to 4")
expect("the journal", run("journal", "show", "office", lang="fr"), 0, "politique en vigueur: .*assouplit, signé: SHA256", "personnes qui signent: Awa responsable")
must("journal", "verify", "office")

# One person in both roles would loosen alone.
must("officer", "init", "awa2", "--name", "Awa2", "--role", "administrator")
write("awa2.vouch", must("officer", "vouch", "office", "awa2/awa2.officer", "--as", "awa"))
expect("a second administrator by the responsable alone", run("officer", "trust", "office", "awa2/awa2.officer", "--signed", "awa2.vouch"), 5, "signature is missing: administrator")
config = open("office/office.yaml").read()
write("office/office.yaml", config.replace("practice: false", "practice: true") if "practice: false" in config else config + "practice: true\n")
expect("an office that calls itself an exercise", run("policy", "apply", "office", "looser.yaml"), 2, "practice")
write("office/office.yaml", config)

write("ali.vouch", must("officer", "vouch", "office", "ali/ali.officer", "--as", "awa", "--only"))
expect("another change than was signed", run("officer", "trust", "office", "ali/ali.officer", "--signed", "ali.vouch"), 5, "of another text")
write("renamed.officer", open("ali/ali.officer").read().replace('"Ali"', '"Awa Traore"'))
expect("another name than was signed", run("officer", "trust", "office", "renamed.officer", "--only", "--signed", "ali.vouch"), 5, "of another text")
expect("in her place", run("officer", "trust", "office", "ali/ali.officer", "--only", "--signed", "ali.vouch"), 0, "Ali")
assert "Awa" not in must("officer", "list", "office")

expect("nothing to lift", run("officer", "lift", "office", "--as", "ali"), 2, "not stopped")
must("stop", "office")
expect("lifting alone", run("stop", "office", "--lift"), 5, "penc officer lift DIR")
write("lift.sig", must("officer", "lift", "office", "--as", "ali"))
expect("lifted by two", run("stop", "office", "--lift", "--signed", "lift.sig"), 0, "answers again")
must("stop", "office")
expect("the same signature for another stop", run("stop", "office", "--lift", "--signed", "lift.sig"), 5, "have it signed again")

expect("an exercise alone", run("init", "exercise", "--name", "Exercice", "--practice", "--policy", "old.yaml"), 0)
expect("an exercise loosens alone, and says so", run("policy", "apply", "exercise", "looser.yaml"), 0, "one person loosened alone")
expect("no questions yet", run("policy", "simulate", "office", "looser.yaml"), 0, "no question yet")
expect("nothing to publish yet", run("journal", "sentences", "office", lang="fr"), 0, "# Questions posées à ALCRER", "Aucune question à publier")
assert json.loads(must("journal", "sentences", "office", "--json"))["sentences"]["delayDays"] == 30

end("officers")
