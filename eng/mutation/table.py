"""Prints what the tests noticed: table.py RESULTS table, a line a file and a sum an area; table.py RESULTS survivors [TEXT]"""
import json
import pathlib
import sys
from collections import Counter

AREAS = {"Checkpoints": "checkpoints", "Quantization": "quantisation", "Sampling": "sampling", "Comparison": "comparison"}
COUNTED = ("Killed", "Timeout", "Survived", "NoCoverage")


def read(folder):
    """Per file: its mutants, with the status that the tests gave them; and how many files are not judged, or not completely."""
    files, rest = {}, []
    for path in sorted(pathlib.Path(folder).glob("*.mutants.json")):
        project = path.name.removesuffix(".mutants.json")
        verdicts = path.with_name(f"{project}.judged.json")
        judged = json.loads(verdicts.read_text()) if verdicts.exists() else {}
        for name, file in json.loads(path.read_text())["files"].items():
            wanted = [mutant for mutant in file["mutants"] if mutant["status"] not in ("CompileError", "Ignored")]
            mutants = [mutant | judged[mutant["id"]] for mutant in wanted if mutant["id"] in judged]
            if wanted and len(mutants) == len(wanted):
                files[name.split(f"{project}/")[-1]] = mutants
            elif wanted:
                rest.append(f"{name.split(f'{project}/')[-1]} ({len(wanted)})")
    return files, rest


def row(name, counts):
    total = sum(counts[status] for status in COUNTED)
    found = counts["Killed"] + counts["Timeout"]
    return f"| {name} | {total} | {counts['Killed']} | {counts['Timeout']} | {counts['Survived']} | {counts['NoCoverage']} | {100 * found / total:.0f} % |"


def main():
    folder, what, *text = sys.argv[1:]
    files, rest = read(folder)
    if what == "survivors":
        for name, mutants in sorted(files.items()):
            for mutant in mutants:
                if (not text or text[0] in name) and mutant["status"] in ("Survived", "NoCoverage"):
                    place = mutant["location"]["start"]
                    replacement = " ".join(mutant["replacement"].split())
                    print(f"{name}:{place['line']}:{place['column']} {mutant['status']} {mutant['mutatorName']}: {replacement[:160]}")
        return
    print("| file | mutants | killed | timed out | survived | not covered | found |\n|---|---|---|---|---|---|---|")
    for area in sorted({AREAS.get(name.split("/")[0], "reporting") for name in files}):
        counts = {
            name: Counter(mutant["status"] for mutant in mutants)
            for name, mutants in sorted(files.items())
            if AREAS.get(name.split("/")[0], "reporting") == area
        }
        print(row(f"**{area}**", sum(counts.values(), Counter())))
        for name in counts:
            print(row(name, counts[name]))
    if rest:
        print(f"\nNot judged, or not completely (mutants): {', '.join(sorted(rest))}")


main()
