#!/usr/bin/env bash
# Check and time the persistent kernel by itself, on a machine with an NVIDIA GPU and nvcc; README.md says what the words mean.
#
#   eng/persistent/run.sh [--nvcc | --ptx FILE] MODEL FORMAT TASK...
#
# The kernels: the committed PTX of this device; --nvcc: today's sources, by nvcc; --ptx: that file, and of the kernel for prompts the committed one.
# NVCC=... names another nvcc.
set -euo pipefail
usage() { sed -n '2,7p' "${BASH_SOURCE[0]}" >&2; exit 2; }
start=$PWD
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernels=$(cd "$here/../../src/GptQuantBench.Inference/Backends/Cuda/Kernels" && pwd)
nvcc=${NVCC:-nvcc} source=committed ptx=
case ${1-} in
  --nvcc) source=nvcc; shift ;;
  --ptx) (($# >= 2)) || usage; ptx=$(cd "$start" && realpath -m "$2"); source=file; shift 2 ;;
  --*) usage ;;
esac
(($# >= 3)) || usage
command -v "$nvcc" >/dev/null || { echo "eng/persistent/run.sh: $nvcc was not found; install the CUDA toolkit or name it in NVCC" >&2; exit 2; }
case $2 in
  int8g) name=persistent_int8_grouped ;;
  int4g128) name=persistent_int4 ;;
  int4min) name=persistent_int4_minimum ;;
  *) name=persistent_$2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[[ $source == file || -e $kernels/$name.cu ]] || { echo "eng/persistent/run.sh: there is no format $2; choose fp16, int8, int8g, int4, int4g128 or int4min" >&2; exit 2; }
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1)
target=native
[[ $capability != 9.0 ]] || target=sm_90a # eng/kernels.sh says why
"$nvcc" -O2 -std=c++17 -arch=$target -I"$kernels" "$here/persistent.cu" -o "$work/persistent" -lcuda
arch=sm_90
[[ $capability == 9.0 ]] || arch=sm_80
prompt=persistent_prompt_${name#persistent_}
prompt_ptx=$kernels/ptx/$prompt.$arch.ptx
case $source in
  committed)
    ptx=$kernels/ptx/$name.$arch.ptx
    ;;
  nvcc)
    ptx=$work/$name.ptx
    prompt_ptx=$work/$prompt.ptx
    "$nvcc" -O3 -std=c++17 -arch=$target -ptx -I"$kernels" "$kernels/$name.cu" -o "$ptx"
    "$nvcc" -O3 -std=c++17 -arch=$target -ptx -I"$kernels" "$kernels/$prompt.cu" -o "$prompt_ptx"
    ;;
esac
"$work/persistent" "$1" "$2" "$ptx" "$prompt_ptx" "${@:3}"
