#!/usr/bin/env bash
# Compile the CUDA kernels to PTX with clang; no CUDA toolkit is needed. Where NVIDIA's nvcc is, the persistent kernels' sm_90 PTX by nvcc.
#
#   eng/kernels.sh            writes Kernels/ptx/<name>.<arch>.ptx and Kernels/ptx/manifest.txt; PTX by nvcc stays while its source does, or
#                             while clang makes of today's source what it made of nvcc's
#   eng/kernels.sh --check    writes nothing; fails when a PTX file is not what today's source gives
#   eng/kernels.sh --out DIR [NAME...]
#                             writes PTX alone into DIR, of all sources or of those named: for --kernels DIR and watch
#   eng/kernels.sh --nvcc     writes persistent_*.sm_90.ptx, made by nvcc, and their lines of the manifest
#   eng/kernels.sh --nvcc --out DIR [NAME...]
#                             the same into DIR, with a manifest of its own; nothing else is written
#   eng/kernels.sh --take DIR takes over what --nvcc --out has written into DIR, where it is of today's source
#
# Without clang-19 --check still compares the hashes of sources and PTX with the manifest; without the nvcc that made them it does not
# make nvcc's files again. CLANG=... and NVCC=... name other compilers.
set -euo pipefail
export LC_ALL=C # the order of files is part of their hashes
script=$(realpath "$0")
start=$PWD
cd "$(dirname "$0")/../src/GptQuantBench.Inference/Backends/Cuda/Kernels"
clang=${CLANG:-clang++-19}
nvcc=${NVCC:-nvcc}
flags=(-x cuda --cuda-device-only -nocudainc -nocudalib -O3 -std=c++20 -Wall -Wextra -Werror)
nvcc_flags=(-O3 -std=c++17 -arch=sm_90a -ptx)
nvcc_version=8.0 # of its PTX: CUDA 12.0
# What a driver must know: CUDA 11.0 and 11.8; for kernels that wait at barriers in shared memory and copy in bulk 11.1 (the persistent ones)
# and 12.0 (these and tiled_int*). The persistent ones are sm_90a, because they hand registers from warp to warp: they run on devices of
# compute capability 9.0 alone, and later ones take sm_80 (PtxStore.cs).
declare -A features=([sm_80]=+ptx70 [sm_90]=+ptx78 [persistent_sm_80]=+ptx71 [persistent_sm_90]=+ptx80 [tiled_sm_80]=+ptx70 [tiled_sm_90]=+ptx80)
target_of() {
  case $1-$2 in
    persistent_*-sm_90) echo sm_90a ;;
    *) echo "$2" ;;
  esac
}
feature_of() {
  case $1 in
    persistent_*) echo "${features[persistent_$2]}" ;;
    tiled_int*) echo "${features[tiled_$2]}" ;;
    *) echo "${features[$2]}" ;;
  esac
}

say() { echo "eng/kernels.sh: $*" >&2; }

usage() {
  sed -n '2,/^set -/{/^#/p}' "$script"
  exit 2
}

case "${1-} ${2-}" in
  ' ') mode=write ;;
  '--check ') mode=check ;;
  '--out '?*) mode=out out=$2 ;;
  '--nvcc ') mode=nvcc ;;
  '--nvcc --out') mode=nvcc_out out=${3-} ;;
  '--take '?*) mode=take out=$2 ;;
  *) usage ;;
esac
sources=(*.cu)
case $mode in
  nvcc*) sources=(persistent_*.cu) ;;
esac
case $mode in
  out) shift 2 ;;
  nvcc_out) [ -n "$out" ] || usage; shift 3 ;;
  *) set -- ;;
esac
[ $# -eq 0 ] || sources=("${@/%/.cu}")

# -- what PTX is made of, and by whom --------------------------------------------------------------------------------------------

# Hashes leave out // comments and white space: else every comment would need a machine with nvcc.
if grep -nE '^[^"]*"([^"]*"[^"]*")*[^"]*//|(\\"|'"'\"'"').*//|/\*' ./*.cu ./*.cuh >&2; then
  say "these lines have // in a string, or /*; write them otherwise, because hashes leave out everything from // on"
  exit 1
fi

# A source and the headers that it includes, however deep.
with_headers() {
  local files=$1 more
  while more=$({ echo "$files"; sed -n 's/^#include "\(.*\)"/\1/p' $files; } | sort -u) && [ "$more" != "$files" ]; do
    files=$more
  done
  echo "$files"
}

hash_of() { sha256sum | cut -d ' ' -f 1; }

declare -A source_hashes
for source in *.cu; do
  source_hashes[$source]=$(with_headers "$source" | xargs sed 's#//.*##' | tr -d '[:space:]' | hash_of)
done

source_of() { echo "${1%%.sm_*}.cu"; }

# One line a PTX file: its name, and this.
line_of() { # folder, PTX file, compiler; of nvcc's files: hash of what clang makes of the same source
  echo "source ${source_hashes[$(source_of "$2")]} ptx $(hash_of <"$1/$2")${4:+ clang $4} compiler $3"
}

declare -A lines # of the manifest, by PTX file
read_manifest() { # folder
  local file line
  lines=()
  while read -r file line; do
    case $file in
      *.ptx) lines[$file]=$line ;;
    esac
  done <"$1/manifest.txt"
}

compiler_of() { echo "${lines[$1]-}" | sed -n 's/.* compiler //p'; }
clang_of() { echo "${lines[$1]-}" | sed -n 's/.* clang \([0-9a-f]*\) compiler nvcc .*/\1/p'; }

all_files() {
  local source
  for source in *.cu; do
    echo "${source%.cu}.sm_80.ptx"
    echo "${source%.cu}.sm_90.ptx"
  done
}

manifest() {
  local file
  echo "# made by eng/kernels.sh; source: hash of the source and the headers that it includes, without // comments and white space; clang: of its PTX of that source"
  echo "# clang: ${flags[*]}; sm_80: ${features[sm_80]}, sm_90: ${features[sm_90]}; persistent: ${features[persistent_sm_80]}, sm_90a ${features[persistent_sm_90]}; tiled_int*: ${features[tiled_sm_80]}, ${features[tiled_sm_90]}"
  echo "# nvcc: ${nvcc_flags[*]}; .version $nvcc_version, no pragmas used_bytes_mask"
  for file in $(all_files); do
    [ -z "${lines[$file]-}" ] || echo "$file ${lines[$file]}"
  done
}

# -- compilers -------------------------------------------------------------------------------------------------------------------

clang_name() { "$clang" --version | sed -n '1s/.*clang version \([0-9.]*\).*/clang \1/p'; }
nvcc_name() { "$nvcc" --version | sed -n 's/.*release .*, V\([0-9.]*\).*/nvcc \1/p'; }

refuse_local() { # folder, PTX file
  if grep -q '\.local' "$1/$2"; then
    say "$(source_of "$2") keeps an array in local memory ($2)"
    return 1
  fi
}

compile() { # folder for the PTX
  local source arch file
  for source in "${sources[@]}"; do
    for arch in sm_80 sm_90; do
      file=${source%.cu}.$arch.ptx
      "$clang" "${flags[@]}" --cuda-gpu-arch="$(target_of "$source" $arch)" --cuda-feature="$(feature_of "$source" $arch)" -S "$source" -o "$1/$file"
      refuse_local "$1" "$file"
    done
  done
}

# Without what PTX of that version does not know (the pragmas only tell the driver's compiler which bytes of a load are used), and without
# the compiler's build number.
compile_nvcc() { # folder for the PTX
  local source file job jobs=()
  for source in "${sources[@]}"; do
    "$nvcc" "${nvcc_flags[@]}" "$source" -o "$1/${source%.cu}.sm_90.ptx.nvcc" & # 10 s each
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do
    wait "$job"
  done
  for source in "${sources[@]}"; do
    file=${source%.cu}.sm_90.ptx
    sed -e '/^\t*\.pragma "used_bytes_mask .*";$/d' -e '/^\/\/ Compiler Build ID/d' -e "s/^\.version .*/.version $nvcc_version/" "$1/$file.nvcc" >"$1/$file"
    rm "$1/$file.nvcc"
    refuse_local "$1" "$file"
  done
}

require_nvcc() {
  if ! command -v "$nvcc" >/dev/null || [ -z "$(nvcc_name)" ]; then
    say "$nvcc is not installed; put the CUDA toolkit's bin folder on PATH, or name it by NVCC=..."
    exit 1
  fi
}

# -- what is asked for -----------------------------------------------------------------------------------------------------------

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

case $mode in
  out)
    out=$(cd "$start" && mkdir -p "$out" && cd "$out" && pwd)
    compile "$out"
    ;;

  nvcc | nvcc_out)
    require_nvcc
    compile_nvcc "$fresh"
    if [ $mode = nvcc ]; then
      read_manifest ptx # of the other files the lines stay
      out=ptx
    else
      out=$(cd "$start" && mkdir -p "$out" && cd "$out" && pwd)
    fi
    by_clang=$(mktemp -d -p "$fresh")
    ! command -v "$clang" >/dev/null || compile "$by_clang"
    for source in "${sources[@]}"; do
      file=${source%.cu}.sm_90.ptx
      lines[$file]=$(line_of "$fresh" "$file" "$(nvcc_name)" "$([ ! -e "$by_clang/$file" ] || hash_of <"$by_clang/$file")")
      cp "$fresh/$file" "$out/"
    done
    manifest >"$out/manifest.txt"
    ;;

  take)
    out=$(cd "$start" && realpath -m "$out")
    if [ ! -e "$out/manifest.txt" ]; then
      say "$out has no manifest.txt; run eng/kernels.sh --nvcc --out there"
      exit 1
    fi
    read_manifest "$out"
    command -v "$clang" >/dev/null || { say "$clang is not installed, and its PTX of the same source belongs into the manifest; install clang-19 or name it by CLANG=..."; exit 1; }
    declare -A taken=() # compiler, by PTX file
    for file in "${!lines[@]}"; do
      if [[ $(compiler_of "$file") != nvcc\ * || ${lines[$file]} != "$(line_of "$out" "$file" "$(compiler_of "$file")" "$(clang_of "$file")")" ]]; then
        say "$out/$file is not what nvcc made of today's source; run eng/kernels.sh --nvcc --out there again"
        exit 1
      fi
      taken[$file]=$(compiler_of "$file")
    done
    read_manifest ptx
    sources=(persistent_*.cu)
    compile "$fresh"
    for file in "${!taken[@]}"; do
      cp "$out/$file" ptx/
      lines[$file]=$(line_of ptx "$file" "${taken[$file]}" "$(hash_of <"$fresh/$file")")
    done
    manifest >ptx/manifest.txt
    ;;

  write)
    compile "$fresh"
    clang_version=$(clang_name)
    mkdir -p ptx
    [ ! -e ptx/manifest.txt ] || read_manifest ptx
    replaced=()
    for file in $(all_files); do
      recorded=$(compiler_of "$file")
      if [[ $recorded == nvcc\ * ]]; then
        by_clang=$(hash_of <"$fresh/$file")
        if [ -e "ptx/$file" ] && [[ ${lines[$file]} == "$(line_of ptx "$file" "$recorded" "$(clang_of "$file")")" ||
          (${lines[$file]} == *" ptx $(hash_of <"ptx/$file") "* && $(clang_of "$file") == "$by_clang") ]]; then
          cp "ptx/$file" "$fresh/"
          lines[$file]=$(line_of ptx "$file" "$recorded" "$by_clang")
          continue
        fi
        replaced+=("$file")
      fi
      lines[$file]=$(line_of "$fresh" "$file" "$clang_version")
    done
    [ ${#replaced[@]} -eq 0 ] ||
      say "the code has changed since nvcc made ${replaced[*]}, so clang did now, whose are slower; run eng/kernels.sh --nvcc where nvcc is"
    rm -f ptx/*.ptx
    cp "$fresh"/*.ptx ptx/
    manifest >ptx/manifest.txt
    ;;

  check)
    failed=0
    read_manifest ptx
    for file in $(all_files); do
      [ ! -e "ptx/$file" ] || lines[$file]=$(line_of ptx "$file" "$(compiler_of "$file")" "$(clang_of "$file")")
    done
    if ! diff <(manifest) ptx/manifest.txt || ! diff <(all_files | sort) <(cd ptx && printf '%s\n' *.ptx); then
      say "PTX and manifest do not belong to today's source; run eng/kernels.sh and commit what it writes"
      failed=1
    fi
    same() { # folder, compiler: whether it gives what it is said to have made
      local file differ=0
      for file in "${!lines[@]}"; do
        [ "$(compiler_of "$file")" != "$2" ] || cmp "$1/$file" "ptx/$file" >&2 || differ=1
      done
      return $differ
    }
    if command -v "$clang" >/dev/null; then
      compile "$fresh"
      if ! same "$fresh" "$(clang_name)"; then
        say "the compiler gives other PTX than what is committed; run eng/kernels.sh and commit what it writes"
        failed=1
      fi
      for file in "${!lines[@]}"; do
        if [[ -n $(clang_of "$file") && $(clang_name) == "$(compiler_of "${file/sm_90/sm_80}")" && $(clang_of "$file") != "$(hash_of <"$fresh/$file")" ]]; then
          say "nvcc made $file of a source of which clang makes other PTX than of today's; run eng/kernels.sh --nvcc where nvcc is"
          failed=1
        fi
      done
    else
      say "$clang is not installed, so only hashes were compared"
    fi
    made_by_nvcc=$(for file in "${!lines[@]}"; do compiler_of "$file"; done | grep '^nvcc ' | sort -u || true)
    if [ -n "$made_by_nvcc" ]; then
      if command -v "$nvcc" >/dev/null && [ "$(nvcc_name)" = "$made_by_nvcc" ]; then
        sources=(persistent_*.cu)
        compile_nvcc "$fresh"
        if ! same "$fresh" "$made_by_nvcc"; then
          say "nvcc gives other PTX than what is committed; run eng/kernels.sh --nvcc and commit what it writes"
          failed=1
        fi
      else
        say "${made_by_nvcc//$'\n'/ and } is not installed, so of the files by it only hashes were compared"
      fi
    fi
    exit $failed
    ;;
esac
