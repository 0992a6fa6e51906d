#!/usr/bin/env bash
# Run peers beside our program on the same GPU at the same time, and print the ratio.
#
#   eng/peers/run.sh PROGRAMS OUT_DIR [MODEL ...]      PROGRAMS: the folder that `run` lies in (eng/bundle.sh); gpt2 gpt2-medium by default
#
# Needs python3 with a CUDA build of torch (transformers for one more peer) and, for the floors, nvcc. Ours and theirs take turns: ours, theirs,
# ours again; the mean of our two runs is compared, and how far they lie apart is printed. PYTHON=... and NVCC=... name other programs.
set -euo pipefail
(($# >= 2)) || { sed -n '2,7p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
programs=$(realpath "$1") out=$(realpath -m "$2")
shift 2
models=("$@")
(($# > 0)) || models=(gpt2 gpt2-medium)
python=${PYTHON:-python3} nvcc=${NVCC:-nvcc}
"$python" -c 'import torch' 2>/dev/null || { echo "eng/peers/run.sh: $python has no torch; install a CUDA build of PyTorch (pip install torch), or name another Python in PYTHON" >&2; exit 2; }
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
list=$(IFS=,; echo "${models[*]}")

ours() { # number of the run
  (cd "$work" && "$programs/run" GptQuantBench --filter '*MainJob*' --inProcess --require-gpu --weights synthetic --models "$list" --artifacts artifacts) >"$out/ours-$1.log" 2>&1 ||
    { tail -n 5 "$out/ours-$1.log" >&2; exit 1; }
  cp "$work/artifacts/llm_benchmark_results.json" "$out/ours-$1.json"
}

ours 1
"$python" "$here/torch_gpt2.py" "${models[@]}" >"$out/torch.json"
ours 2
if command -v "$nvcc" >/dev/null; then
  "$nvcc" -O3 -std=c++17 -arch=native "$here/floor.cu" -o "$work/floor"
  "$work/floor" | tee "$out/floor.txt"
else
  echo "eng/peers/run.sh: $nvcc was not found, so the floors are left out; install the CUDA toolkit or name it in NVCC" >&2
fi
"$python" "$here/compare.py" "$out/ours-1.json" "$out/ours-2.json" "$out/torch.json" | tee "$out/ratios.md"
