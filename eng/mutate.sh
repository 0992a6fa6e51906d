#!/usr/bin/env bash
# Mutation testing with Stryker.NET: changes the code bit by bit and sees whether a test notices.
#
#   eng/mutate.sh                    every area; hours
#   eng/mutate.sh AREAS [FILE...]    areas of one project (a,b), or some files of them (globs, e.g. 'Holm.cs' 'Figures/*.cs'); most of the
#                                    time goes into building, so one run of many files is better than many runs
#   eng/mutate.sh --table            the table of docs/testing.md, from all that was run so far
#
# Stryker overwrites built assemblies, so it works on a copy of the tree. Results: artifacts/mutation/*.json, one a run; of a file that was
# run again, the newest counts. Checks for null arguments are left alone: the compiler finds those mistakes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
results=$PWD/artifacts/mutation
if [[ ${1-} == --table ]]; then exec python3 eng/mutation_table.py "$results"; fi

# Area: project, what is mutated, the tests that judge it. Left out are tests that take seconds each and look at the whole.
areas=(checkpoints quantization sampling comparison figures records tables pages charts)
define() {
  case $1 in
    checkpoints) project=Inference mutate=('Checkpoints/**') tests='Checkpoints/*Tests.cs;Models/*Tests.cs' ;;
    quantization) project=Inference mutate=('Quantization/**') tests='Quantization/**/*Tests.cs' ;;
    sampling) project=Inference mutate=('Sampling/**') tests='Sampling/*Tests.cs' ;;
    comparison) project=Reporting mutate=('Comparison/**') tests='Comparison/*Tests.cs' ;;
    figures) project=Reporting mutate=('Figures/**' 'History/**') tests='Figures/*Tests.cs;History/*Tests.cs;Tables/*Tests.cs' ;;
    records) project=Reporting mutate=('Json/**' 'Records/**' 'Merging/**' 'Export/**') tests='Json/*Tests.cs;Records/*Tests.cs;Merging/*Tests.cs;Export/*Tests.cs' ;;
    tables) project=Reporting mutate=('Tables/**' 'Markdown/**') tests='Tables/*Tests.cs;Markdown/*Tests.cs;Comparison/*PagesTests.cs' ;;
    pages) project=Reporting mutate=('Html/**' 'Pages/**' 'Terminal/**') tests='Html/*Tests.cs;Pages/*Tests.cs;Terminal/*Tests.cs;Tables/*Tests.cs;Comparison/*PagesTests.cs' ;;
    charts) project=Reporting mutate=('Charts/**') tests='Charts/*Tests.cs' ;;
    *) echo "eng/mutate.sh: there is no area '$1', expected one of ${areas[*]}" >&2; exit 2 ;;
  esac
}

dotnet tool restore >/dev/null
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do [[ -e $file ]] && printf '%s\0' "$file"; done |
  tar --null -T - -cf - | tar -xf - -C "$copy"

run() { # areas, files
  local chosen=$1 area of=() judges=; shift
  for area in ${chosen//,/ }; do
    define "$area"
    of+=("${mutate[@]}")
    judges+="$tests;"
  done
  local mutate=("${of[@]}") tests=${judges%;} patterns=() file
  (($#)) || set -- "${mutate[@]}"
  for file; do patterns+=(-m "**/$file"); done
  mkdir -p "$copy/tmp" "$results"
  # Stryker's runners talk over files of fixed names in the folder for temporary files.
  (cd "$copy/tests/GptQuantBench.$project.Tests" && MutationTests=$tests TMPDIR=$copy/tmp dotnet stryker -p "GptQuantBench.$project.csproj" \
    --test-runner mtp "${patterns[@]}" -f "$copy/eng/stryker-config.json" -r json -O "$copy/out" -c "${STRYKER_CONCURRENCY:-2}" --skip-version-check)
  mv "$copy/out/reports/mutation-report.json" "$results/$(date -u +%Y%m%dT%H%M%S)-${chosen//,/-}.json"
}

if (($#)); then run "$@"; else for area in "${areas[@]}"; do run "$area"; done; fi
python3 eng/mutation_table.py "$results"
