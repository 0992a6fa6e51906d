#!/usr/bin/env bash
# Lets AFL++ look for inputs that break a reader: eng/fuzz.sh [SECONDS a target, 240] [TARGET...].
# Needs afl-fuzz (Debian, Ubuntu: afl++). What one run finds is where the next goes on; remove artifacts/fuzz to start afresh.
# Findings stay under artifacts/fuzz/TARGET/default/{crashes,hangs}; each becomes a file of tests/GptQuantBench.Fuzz/corpus and, where a
# rule was missing, a test of the reader.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-240}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(safetensors config index vocabulary report comparison)

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
dotnet tool restore >/dev/null
dotnet build -c Debug tests/GptQuantBench.Fuzz >/dev/null
cp -r tests/GptQuantBench.Fuzz/bin/Debug/net10.0 "$build/target"
for assembly in GptQuantBench.Inference.dll GptQuantBench.Reporting.dll; do
  dotnet tool run sharpfuzz "$build/target/$assembly"
done

# A managed program has no instrumented binary, and a developer's machine no tuned kernel.
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1
[[ -d /dev/shm ]] && export TMPDIR=/dev/shm
found=0
for target in "${targets[@]}"; do
  out=artifacts/fuzz/$target
  mkdir -p "$out"
  # Keys and words of the corpus, as AFL's dictionary wants them: bytes in quotes, '"' and '\' escaped.
  grep -ohaE '"[A-Za-z0-9_./ -]{1,40}"' "$build/target/corpus/$target"/* | sort -u | sed 's/"/\\"/g; s/.*/"&"/' >"$out/words.dict" || true
  nice -n 19 afl-fuzz -V "$seconds" -t 20000 -m none -x "$out/words.dict" -i "$build/target/corpus/$target" -o "$out" \
    dotnet "$build/target/GptQuantBench.Fuzz.dll" --fuzz "$target" "$out/most_allocated" >"$out/afl.log" 2>&1 || { tail -n 20 "$out/afl.log" >&2; exit 1; }
  figure() { sed -n "s/^$1 *: *//p" "$out/default/fuzzer_stats"; }
  echo "$target: $(figure run_time) s, $(figure execs_done) executions, $(figure corpus_count) inputs that reach something new," \
    "$(figure edges_found) edges, $(figure saved_crashes) crashes, $(figure saved_hangs) hangs," \
    "$(numfmt --to=iec "$(<"$out/most_allocated")") allocated at most"
  found=$((found + $(figure saved_crashes) + $(figure saved_hangs)))
done
[[ $found -eq 0 ]]
