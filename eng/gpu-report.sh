#!/usr/bin/env bash
# Test and measure on a machine with an NVIDIA GPU, with the programs of eng/bundle.sh unpacked.
#
#   eng/gpu-report.sh PROGRAMS OUT_DIR      PROGRAMS: the folder that `run` lies in
#
# Writes OUT_DIR/gpu-tests.log and the reports of artifacts/reference/<gpu>/: llm_benchmark_results.json (the six cases),
# llm_benchmark_results_large.json (large and xl), llm_benchmark_results_<path>.json (FP16 on the other decode paths), each with its tables.
set -euo pipefail
(($# == 2)) || { sed -n '2,8p' "$0"; exit 2; }
cd "$(dirname "$0")/.."
programs=$(realpath "$1") out=$(realpath -m "$2") work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
export GPTQUANTBENCH_REQUIRE_GPU=1 GPTQUANTBENCH_FIXTURES=$PWD/tests/fixtures DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

"$programs/run" GptQuantBench.Gpu.Tests -noColor >"$out/gpu-tests.log" 2>&1 || true
grep -E '\[FAIL\]| Total: ' "$out/gpu-tests.log" || tail -n 20 "$out/gpu-tests.log"

measure() { # suffix, then arguments
  local name=llm_benchmark_results$1; shift
  "$programs/run" GptQuantBench --filter '*' --inProcess --weights synthetic --artifacts "$work/artifacts" "$@" >"$out/$name.log" 2>&1 || echo "$name failed"
  cp "$work/artifacts/llm_benchmark_results.json" "$out/$name.json"
  cp "$work/artifacts/llm_benchmark_results.md" "$out/$name.md"
  sed -n '/^── Summary/,/^── First token/p' "$out/$name.log"
}

measure ''
measure _eager --decode eager --quantizations FP16
measure _cublas --decode cublas --quantizations FP16
measure _large --models gpt2-large,gpt2-xl --iterationCount 8 --warmupCount 1
for backend in cpu cuda; do
  GPTQUANTBENCH_REQUIRE_GPU=0 "$programs/run" GptQuantBench generate --backend $backend --model-path tests/fixtures/gpt2-nano --prompt "The future of AI is" --temperature 0 2>/dev/null >"$work/$backend.txt" ||
    echo "generate on $backend failed"
done
cmp "$work/cpu.txt" "$work/cuda.txt" && echo "generate: CPU and CUDA agree: $(head -c 100 "$work/cuda.txt")"
