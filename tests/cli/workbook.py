"""Rows of a workbook's first sheet, as texts: enough to look at what penc writes."""
import re, zipfile
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows(path):
    with zipfile.ZipFile(path) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml")):
                shared.append("".join(text.text or "" for text in item.iter(f"{MAIN}t")))
        out = []
        for row in ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{MAIN}row"):
            line = []
            for cell in row.iter(f"{MAIN}c"):
                column = 0
                for letter in re.match("[A-Z]+", cell.get("r"))[0]:
                    column = column * 26 + ord(letter) - 64
                line += [""] * (column - len(line))
                value = cell.find(f"{MAIN}v")
                if cell.get("t") == "s":
                    line[column - 1] = shared[int(value.text)]
                elif cell.get("t") == "inlineStr":
                    line[column - 1] = "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
                elif value is not None:
                    line[column - 1] = value.text
            out.append(line)
    width = max(map(len, out))
    return [line + [""] * (width - len(line)) for line in out]
