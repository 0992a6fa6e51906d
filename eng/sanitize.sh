#!/usr/bin/env bash
# Run compute-sanitizer over the GPU tests of the kernels, on a machine with an NVIDIA GPU and the CUDA toolkit's compute-sanitizer.
#
#   eng/sanitize.sh PROGRAMS [OUT_DIR]      PROGRAMS: the folder that `run` lies in (eng/bundle.sh); OUT_DIR (default .) gets the logs
#
# memcheck: every kernel by its own tests, and generations by every decode path. racecheck, which is far slower: products over their smallest shapes,
# attention, sampling, the kernels between products. API errors are not reported: the launcher asks the driver for one parameter more than a kernel has, to
# see that there is none. Prints each tool's summary line and what the tests say; fails when a tool found something or a test failed.
set -euo pipefail
(($# == 1 || $# == 2)) || { sed -n '2,8p' "$0"; exit 2; }
cd "$(dirname "$0")/.."
programs=$(realpath "$1") out=$(realpath -m "${2:-.}")
sanitizer=${COMPUTE_SANITIZER:-compute-sanitizer}
command -v "$sanitizer" >/dev/null || { echo "eng/sanitize.sh: $sanitizer was not found; install the CUDA toolkit, or name the file in COMPUTE_SANITIZER" >&2; exit 2; }
mkdir -p "$out"
export GPTQUANTBENCH_REQUIRE_GPU=1 GPTQUANTBENCH_FIXTURES=$PWD/tests/fixtures DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
failed=0

check() { # tool, then the tests' filters
  local tool=$1 log=$out/sanitize-$1.log; shift
  "$sanitizer" --tool "$tool" --report-api-errors no --target-processes all --error-exitcode 99 \
    "$programs/run" GptQuantBench.Gpu.Tests -noColor "$@" >"$log" 2>&1 || failed=1
  echo "$tool: $(grep -E '(ERROR|RACECHECK) SUMMARY' "$log" | tail -n 1 | sed 's/^=* *//')"
  grep -E '\[FAIL\]| Total: ' "$log" || { echo "$tool: no test ran; $log has the reason" >&2; failed=1; }
}

tests=GptQuantBench.Gpu.Tests.Backends
check memcheck -method "$tests.PackingTests.*" -method "$tests.LinearKernelTests.*" -method "$tests.AttentionKernelTests.*" \
  -method "$tests.SampleKernelTests.*" -method "$tests.RowKernelTests.*" -method "$tests.TableKernelTests.*" \
  -method "$tests.ModelTests.All_decode_paths_choose_the_same_ids" -method "$tests.BackendTests.The_device_is_described_started_and_measured" \
  -method "$tests.PersistentTests.Every_id_has_a_time" -method "$tests.PromptKernelTests.The_first_id_*"
check racecheck -method "$tests.LinearKernelTests.Queries_*" -method "$tests.LinearKernelTests.Attention_*" -method "$tests.LinearKernelTests.One_*" \
  -method "$tests.AttentionKernelTests.*" -method "$tests.SampleKernelTests.Ids_are_the_cpu_samplers" -method "$tests.RowKernelTests.*" \
  -method "$tests.TableKernelTests.*"
exit $failed
