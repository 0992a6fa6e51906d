#!/usr/bin/env bash
# Pack what a GPU machine without .NET needs: the runtime, the program, the GPU tests.
#
#   eng/bundle.sh OUT_DIR      writes OUT_DIR/runtime.tar.xz (only if it is not there) and OUT_DIR/programs.tar.xz
#
# There: unpack both into one folder; FOLDER/run GptQuantBench ARGS, FOLDER/run GptQuantBench.Gpu.Tests ARGS. BenchmarkDotNet's default
# toolchain needs the SDK, so run benchmarks with --inProcess.
set -euo pipefail
(($# == 1)) || { sed -n '2,7p' "$0"; exit 2; }
cd "$(dirname "$0")/.."
out=$(realpath -m "$1")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
# Debuggers and disassemblers, which no run in process loads.
unneeded=(--exclude=libcapstone.so --exclude=msdia140.dll --exclude='libmscorda*' --exclude=libmscordbi.so --exclude=createdump)
mkdir -p "$out"

if [[ ! -e $out/runtime.tar.xz ]]; then
  sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
  version=$(dotnet --list-runtimes | sed -n 's/^Microsoft\.NETCore\.App \([^ ]*\) .*/\1/p' | sort -V | tail -n 1)
  mkdir -p "$stage/runtime/dotnet/shared/Microsoft.NETCore.App"
  cp -r "$sdk/dotnet" "$sdk/host" "$stage/runtime/dotnet/"
  cp -r "$sdk/shared/Microsoft.NETCore.App/$version" "$stage/runtime/dotnet/shared/Microsoft.NETCore.App/"
  cat >"$stage/runtime/run" <<'RUN'
#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$(readlink -f "$0")"); name=$1; shift
DOTNET_ROOT=$here/dotnet exec "$here/dotnet/dotnet" "$here/app/$name.dll" "$@"
RUN
  chmod +x "$stage/runtime/run"
  tar -C "$stage/runtime" "${unneeded[@]}" -c . | xz -T0 -8 >"$out/runtime.tar.xz"
fi

for project in benchmarks/GptQuantBench tests/GptQuantBench.Gpu.Tests; do
  dotnet publish "$project" -c Release -r linux-x64 --no-self-contained -p:DebugType=none -v quiet -o "$stage/programs/app"
done
tar -C "$stage/programs" "${unneeded[@]}" -c . | xz -T0 -8 >"$out/programs.tar.xz"
du -h "$out"/*.tar.xz
