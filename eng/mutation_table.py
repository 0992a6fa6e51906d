"""Prints what Stryker found, a line a file and a sum an area, from the reports in a folder: mutation_table.py FOLDER [--survivors [TEXT]]"""
import json
import pathlib
import sys
from collections import Counter

AREAS = {
    "Checkpoints": "checkpoints", "Quantization": "quantisation", "Sampling": "sampling", "Comparison": "comparison",
}
COUNTED = ("Killed", "Timeout", "Survived", "NoCoverage")


def read(folder):
    files = {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for name, file in json.loads(path.read_text())["files"].items():
            mutants = [mutant for mutant in file["mutants"] if mutant["status"] in COUNTED]
            if mutants:
                files[name.split("/src/")[1].split("/", 1)[1]] = mutants
    return files


def row(name, counts):
    total = sum(counts[status] for status in COUNTED)
    found = counts["Killed"] + counts["Timeout"]
    return f"| {name} | {total} | {counts['Killed']} | {counts['Timeout']} | {counts['Survived']} | {counts['NoCoverage']} | {100 * found / total:.0f} % |"


def main():
    files = read(sys.argv[1])
    if "--survivors" in sys.argv:
        wanted = sys.argv[3] if len(sys.argv) > 3 else ""
        for name, mutants in sorted(files.items()):
            for mutant in mutants:
                if wanted in name and mutant["status"] in ("Survived", "NoCoverage"):
                    place = mutant["location"]["start"]
                    text = " ".join(mutant["replacement"].split())
                    print(f"{name}:{place['line']}:{place['column']} {mutant['status']} {mutant['mutatorName']}: {text[:160]}")
        return
    print("| file | mutants | killed | timed out | survived | not covered | found |\n|---|---|---|---|---|---|---|")
    for area in sorted({AREAS.get(name.split("/")[0], "reporting") for name in files}):
        of_area = {name: Counter(mutant["status"] for mutant in mutants) for name, mutants in files.items() if AREAS.get(name.split("/")[0], "reporting") == area}
        print(row(f"**{area}**", sum(of_area.values(), Counter())))
        for name, counts in sorted(of_area.items()):
            print(row(name, counts))


main()
