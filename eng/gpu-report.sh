#!/usr/bin/env bash
# Test and measure on a machine with an NVIDIA GPU, with the programs of eng/bundle.sh unpacked.
#
#   eng/gpu-report.sh PROGRAMS OUT_DIR [PART ...]      PROGRAMS: the folder that `run` lies in
#
# Writes OUT_DIR/gpu-tests.log and the reports of artifacts/reference/<gpu>/: llm_benchmark_results.json (the six cases and the FP16 decode paths of
# gpt2), llm_benchmark_results_large.json (large and xl), llm_benchmark_results_<path>.json (the other decode paths),
# llm_benchmark_results_greedy.json (temperature 0), llm_benchmark_results_depth_greedy.json (the same at depths),
# llm_benchmark_results_prompt.json (first token after 512 tokens),
# llm_benchmark_results_sweeps.json (prompt lengths, depths, batch sizes and single tokens of gpt2 and gpt2-medium), llm_benchmark_results_kernels.json
# (every product kernel, shape and batch), each with its tables and charts, and prints the key lines of each.
# PART (all by default): tests main graph eager cublas large greedy depth prompt sweeps kernels generate.
set -euo pipefail
(($# >= 2)) || { sed -n '2,12p' "$0"; exit 2; }
cd "$(dirname "$0")/.."
programs=$(realpath "$1") out=$(realpath -m "$2") work=$(mktemp -d) fixtures=$PWD/tests/fixtures
shift 2
parts=" ${*:-tests main graph eager cublas large greedy depth prompt sweeps kernels generate} "
current=
trap 'keep; rm -rf "$work"' EXIT # what was finished when it is stopped stays
mkdir -p "$out"
export GPTQUANTBENCH_REQUIRE_GPU=1 GPTQUANTBENCH_FIXTURES=$fixtures DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
cd "$work" # the command stands in the report: it names no folder of this machine

has() { [[ $parts == *" $1 "* ]]; }

keep() { # the report that is being made, as far as it is there
  local name=$current charts=$out/${current}_charts
  current=
  [[ -n $name && -e artifacts/llm_benchmark_results.json ]] || return 0
  cp artifacts/llm_benchmark_results.json "$out/$name.json"
  cp artifacts/llm_benchmark_results.md "$out/$name.md" || echo "$name: no tables"
  if [[ -d artifacts/charts ]]; then
    [[ $name != llm_benchmark_results ]] || charts=$out/charts
    rm -rf "$charts"
    cp -r artifacts/charts "$charts"
  fi
}

measure() { # suffix, then arguments
  local name=llm_benchmark_results$1 filter=(--filter '*'); shift
  if [[ ${1-} == --filter ]]; then
    filter=("$1")
    shift
    while (($# > 0)) && [[ $1 != --* ]]; do filter+=("$1"); shift; done
  fi
  rm -rf artifacts/charts artifacts/llm_benchmark_results.*
  current=$name
  "$programs/run" GptQuantBench "${filter[@]}" --inProcess --weights synthetic --artifacts artifacts "$@" >"$out/$name.log" 2>&1 || echo "$name: exit code $?"
  keep
  local options=$*
  echo "== $name: GptQuantBench ${filter[*]} --inProcess --weights synthetic ${options:0:120}"
  sed -n -e '/^TEST /p' -e '/^  FAILED/,/^$/p' -e '/^SWEEP /,/^$/p' -e '/^GPU  /p' -e '/^Driver  /p' "$out/$name.log"
  sed -n '/^── Summary/,/^── First token/p' "$out/$name.log" | sed '$d'
}

if has tests; then
  "$programs/run" GptQuantBench.Gpu.Tests -noColor >"$out/gpu-tests.log" 2>&1 || true
  grep -E '\[FAIL\]| Total: ' "$out/gpu-tests.log" || tail -n 20 "$out/gpu-tests.log"
fi

if has main; then measure ''; fi
if has graph; then measure _graph --filter '*MainJob*' --decode graph; fi
if has eager; then measure _eager --filter '*MainJob*' --decode eager --quantizations FP16; fi
if has cublas; then measure _cublas --filter '*MainJob*' --decode cublas --quantizations FP16; fi
if has large; then measure _large --filter '*MainJob*' --models gpt2-large,gpt2-xl --iterationCount 8 --warmupCount 1; fi
if has greedy; then measure _greedy --filter '*MainJob*' --models gpt2,gpt2-medium,gpt2-xl --temperature 0 --iterationCount 20; fi
if has depth; then measure _depth_greedy --filter '*DepthSweep*' --sweeps full --models gpt2,gpt2-medium --temperature 0 --iterationCount 10; fi

# " the" is one token.
if has prompt; then measure _prompt --filter '*FirstToken*' --models gpt2 --prompt "$(printf ' the%.0s' {1..512})"; fi

if has sweeps; then measure _sweeps --filter '*Sweep*' --sweeps full --models gpt2,gpt2-medium --iterationCount 10; fi
if has kernels; then measure _kernels --filter '*MatrixKernels*' '*DeviceProbes*' --sweeps full --models gpt2 --iterationCount 3 --warmupCount 0; fi

if has generate; then
  for backend in cpu cuda; do
    GPTQUANTBENCH_REQUIRE_GPU=0 "$programs/run" GptQuantBench generate --backend $backend --model-path "$fixtures/gpt2-nano" --prompt "The future of AI is" --temperature 0 2>/dev/null >$backend.txt ||
      echo "generate on $backend failed"
  done
  cmp cpu.txt cuda.txt && echo "generate: CPU and CUDA agree: $(head -c 100 cuda.txt)"
fi
