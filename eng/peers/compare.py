#!/usr/bin/env python3
"""Our reports and the peers' figures as one table: compare.py OURS_1.json OURS_2.json TORCH.json"""
import json
import statistics
import sys


def rows(file):
    with open(file, encoding="utf-8") as text:
        return {(row["model_name"], row["quantization"]): row for row in json.load(text)["results"] if row["success"]}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    first, second = rows(sys.argv[1]), rows(sys.argv[2])
    with open(sys.argv[3], encoding="utf-8") as text:
        torch = json.load(text)
    print(f"{torch['device']}, torch {torch['torch']}; tokens per second, 5-token prompt, 50 new tokens; ours: mean of two runs and how far they lie apart")
    print()
    print("| model | format | ours | apart | torch generate | ours / generate | torch graph | ours / graph |")
    print("|---|---|---|---|---|---|---|---|")
    for key in (key for key in first if key in second and key[0] in torch["models"]):
        both = [run[key]["throughput_tokens_per_sec"] for run in (first, second)]
        ours = statistics.mean(both)
        cells = [f"{ours:.0f}", f"{(max(both) - min(both)) / ours:.1%}"]
        for way in ("generate", "graph"):
            peer = torch["models"][key[0]].get(way, {}).get("throughput_tokens_per_sec")
            cells += [f"{peer:.0f}", f"{ours / peer:.2f}"] if peer else ["-", "-"]
        print(f"| {key[0]} | {key[1]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
