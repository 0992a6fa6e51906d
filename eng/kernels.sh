#!/usr/bin/env bash
# Compile the CUDA kernels to PTX with clang; no CUDA toolkit is needed.
#
#   eng/kernels.sh            writes Kernels/ptx/<name>.<arch>.ptx and Kernels/ptx/manifest.txt
#   eng/kernels.sh --check    writes nothing; fails when a PTX file is not what today's source gives
#   eng/kernels.sh --out DIR [NAME...]
#                             writes PTX alone into DIR, of all sources or of those named: for --kernels DIR and watch
#
# Without clang-19 --check still compares the hashes of sources and PTX with the manifest. CLANG=... names another compiler.
set -euo pipefail
script=$(realpath "$0")
start=$PWD
cd "$(dirname "$0")/../src/GptQuantBench.Inference/Backends/Cuda/Kernels"
clang=${CLANG:-clang++-19}
flags=(-x cuda --cuda-device-only -nocudainc -nocudalib -O3 -std=c++20 -Wall -Wextra -Werror)
# What a driver must know: CUDA 11.0 and 11.8; for kernels that wait at barriers in shared memory and copy in bulk 11.1 (the persistent ones)
# and 12.0 (these and tiled_int*).
declare -A features=([sm_80]=+ptx70 [sm_90]=+ptx78 [persistent_sm_80]=+ptx71 [persistent_sm_90]=+ptx80 [tiled_sm_80]=+ptx70 [tiled_sm_90]=+ptx80)
feature_of() {
  case $1 in
    persistent_*) echo "${features[persistent_$2]}" ;;
    tiled_int*) echo "${features[tiled_$2]}" ;;
    *) echo "${features[$2]}" ;;
  esac
}

sources=(*.cu)
case ${1-} in
  '') mode=write ;;
  --check) mode=check ;;
  --out) mode=out ;;
  *) mode=help ;;
esac
if [ $mode = help ] || { [ $mode = out ] && [ $# -lt 2 ]; }; then
  sed -n '2,9p' "$script"
  exit 2
fi

hash_of() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

# One line a PTX file: its name, the hash of its source with all headers, its own hash.
manifest() { # folder with the PTX
  echo "# made by eng/kernels.sh; compiler: $2"
  echo "# flags: ${flags[*]}; sm_80: ${features[sm_80]}, sm_90: ${features[sm_90]}; persistent: ${features[persistent_sm_80]}, ${features[persistent_sm_90]}; tiled_int*: ${features[tiled_sm_80]}, ${features[tiled_sm_90]}"
  for source in *.cu; do
    for arch in sm_80 sm_90; do
      ptx=${source%.cu}.$arch.ptx
      echo "$ptx source $(hash_of "$source" ./*.cuh) ptx $(hash_of "$1/$ptx")"
    done
  done
}

compile() { # folder for the PTX
  local source arch
  for source in "${sources[@]}"; do
    for arch in sm_80 sm_90; do
      "$clang" "${flags[@]}" --cuda-gpu-arch=$arch --cuda-feature="$(feature_of "$source" $arch)" -S "$source" -o "$1/${source%.cu}.$arch.ptx"
      if grep -q '\.local' "$1/${source%.cu}.$arch.ptx"; then
        echo "eng/kernels.sh: $source keeps an array in local memory on $arch" >&2
        return 1
      fi
    done
  done
}

version() { "$clang" --version | sed -n '1s/.*clang version \([0-9.]*\).*/clang \1/p'; }

if [ $mode = out ]; then
  out=$(cd "$start" && mkdir -p "$2" && cd "$2" && pwd)
  shift 2
  [ $# -eq 0 ] || sources=("${@/%/.cu}")
  compile "$out"
  exit
fi

if [ $mode = write ]; then
  mkdir -p ptx
  rm -f ptx/*.ptx
  compile ptx
  manifest ptx "$(version)" >ptx/manifest.txt
  exit
fi

failed=0
recorded=$(sed -n '1s/.*compiler: //p' ptx/manifest.txt)
if ! diff <(manifest ptx "$recorded") ptx/manifest.txt; then
  echo "eng/kernels.sh: PTX and manifest do not belong to today's source; run eng/kernels.sh and commit what it writes" >&2
  failed=1
fi
if command -v "$clang" >/dev/null; then
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  compile "$fresh"
  if [ "$(version)" = "$recorded" ] && ! diff -rq --exclude=manifest.txt "$fresh" ptx; then
    echo "eng/kernels.sh: the compiler gives other PTX than what is committed; run eng/kernels.sh and commit what it writes" >&2
    failed=1
  fi
else
  echo "eng/kernels.sh: $clang is not installed, so only hashes were compared" >&2
fi
exit $failed
