#!/usr/bin/env bash
# Measures one build again and again on a small model and keeps the samples of every process, for the tests of `compare`:
#   eng/record-samples.sh OUT.json [LAUNCHES] (20)
# OUT.json gets one list per process for each phase, in the order in which the processes ran. Nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$1 launches=${2:-20}
artifacts=$(mktemp -d)
trap 'rm -rf "$artifacts"' EXIT
dotnet benchmarks/GptQuantBench/bin/Release/net10.0/GptQuantBench.dll --filter '*FirstToken*' '*Generate50*' --model-path tests/fixtures/gpt2-nano --backend cpu \
  --quantizations FP16 --launchCount "$launches" --iterationCount 5 --artifacts "$artifacts" >"$artifacts/console.txt"
python3 - "$artifacts/llm_benchmark_results.json" "$out" <<'EOF'
import json
import sys

report = json.load(open(sys.argv[1]))
case = report["results"][0]
kept = {
    "started_at": report["metadata"]["started_at"],
    "cpu": report["metadata"]["host"]["cpu"],
    "commit": report["metadata"]["commit"],
    "num_tokens_generated": case["num_tokens_generated"],
    "samples": {
        phase: [[float(f"{value:.5g}") for value in process] for process in processes]
        for phase, processes in case["samples"].items()
    },
}
with open(sys.argv[2], "w") as file:
    file.write(json.dumps(kept, separators=(",", ":")) + "\n")
EOF
