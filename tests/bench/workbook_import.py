#!/usr/bin/env python3
"""A Kobo export of 100,000 rows as a workbook, imported: seconds and most memory, beside the bars of 20 s and 300 MB and beside
what Python's own XML reader takes to only walk over the same cells. `tests/bench/workbook_import.py [PENC] [ROWS]`."""
import os, resource, subprocess, sys, tempfile, time, zipfile
from xml.etree import ElementTree

penc = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/penc")
rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
source = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
work = tempfile.TemporaryDirectory()
os.chdir(work.name)

HEADINGS = ["start", "end", "profil/reference", "profil/sexe", "profil/age", "profil/nationalite", "profil/mois", "parcours/depart",
            "parcours/destination", "parcours/motif", "besoins", "besoins/medical", "besoins/stranded", "besoins/pregnant", "gps", "_gps_latitude",
            "_gps_longitude", "accord", "meta/instanceID", "_id", "_uuid", "_submission_time", "_validation_status", "_submitted_by", "__version__",
            "_index"]
COUNTRIES = ["MLI", "SEN", "BFA", "NER", "GIN", "CIV", "TGO", "BEN"]


def row(i):
    needs = ["medical", "stranded", "pregnant"][i % 3]
    return ["2026-01-05T10:00:00", "2026-01-05T10:20:00", f"BKO-{i:06d}", "fm"[i % 2], ["18-24", "25-34", "35-59"][i % 3], COUNTRIES[i % 8],
            f"2025-{i % 12 + 1:02d}", COUNTRIES[i * 7 % 8], COUNTRIES[i * 5 % 8], ["job_offer", "family_violence", "conflict"][i % 3], needs,
            int(needs == "medical"), int(needs == "stranded"), int(needs == "pregnant"), "12.6 -8.0 0 0", 12.6, -8.0, "1", f"uuid:{i:032x}", i, f"{i:032x}",
            "2026-01-05T10:30:00", "Approved", "enqueteur", "v1", i + 1]


def letters(n):
    out = ""
    while n:
        n, rest = divmod(n - 1, 26)
        out = chr(65 + rest) + out
    return out


def workbook(path):
    shared, numbers = {}, []

    def cell(where, value):
        if isinstance(value, (int, float)):
            return f'<c r="{where}"><v>{value}</v></c>'
        return f'<c r="{where}" t="s"><v>{shared.setdefault(value, len(shared))}</v></c>'

    columns = [letters(c + 1) for c in range(len(HEADINGS))]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        book.writestr("_rels/.rels", '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
                      'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        book.writestr("xl/workbook.xml", '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxml'
                      'formats.org/officeDocument/2006/relationships"><sheets><sheet name="essai" sheetId="1" r:id="r1"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
                      'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
                      '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" '
                      'Target="sharedStrings.xml"/></Relationships>')
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for r, values in enumerate([HEADINGS] + [row(i) for i in range(rows)], 1):
                cells = "".join(cell(f"{columns[c]}{r}", value) for c, value in enumerate(values))
                sheet.write(f'<row r="{r}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        items = "".join(f"<si><t>{text}</t></si>" for text in shared)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{items}</sst>')


def walked(path):
    """Seconds in which the standard library's reader sees every cell once and keeps none."""
    began = time.time()
    with zipfile.ZipFile(path) as book:
        for name in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
            for _, element in ElementTree.iterparse(book.open(name)):
                element.clear()
    return time.time() - began


def run(*arguments):
    done = subprocess.run([penc, "--lang", "en", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


workbook("kobo.xlsx")
with open("mapping.yaml", "w") as f:
    f.write("mapping: kobo\ncodebook: migration@2\ntable: person\nperson: [profil/reference]\nrow: [_uuid]\n"
            "status: {from: _validation_status, skip: [Not approved]}\nconsent: {from: accord, keep: [1]}\n"
            "columns: {sex: profil/sexe, age_band: profil/age, nationality: profil/nationalite, reg_month: profil/mois, origin_country: "
            "parcours/depart, dest_country: parcours/destination, reason: parcours/motif, protection_profile: {options: besoins}}\nignore: [besoins]\n")
run("init", "office", "--name", "Essai", "--policy", f"{source}/policy/profiles/demo.yaml")
before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
began = time.time()
said = run("import", "office", "kobo.xlsx", "--mapping", "mapping.yaml").splitlines()[0]
seconds = time.time() - began
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
assert f"{rows:,} rows read = {rows:,} kept" in said, said
peer = walked("kobo.xlsx")
print(said)
print(f"{rows:,} rows of {len(HEADINGS)} columns, {os.path.getsize('kobo.xlsx') / 1e6:.0f} MB: {seconds:.1f} s (bar 20), {memory:.0f} MB (bar 300); "
      f"Python only walks over its cells in {peer:.1f} s: {seconds / peer:.2f} of it")
