#!/usr/bin/env bash
# Long runs. Minutes.
#
#   eng/soak.sh              on the CPU: 500 cases in one process, a million tokens, a seed a hundred times in one process and in twenty
#   eng/soak.sh PROGRAMS     on an NVIDIA GPU: 200 cases in one process, 1.3 million tokens; PROGRAMS: the folder that `run` lies in (eng/bundle.sh)
set -euo pipefail
(($# <= 1)) || { sed -n '2,5p' "$0"; exit 2; }
programs=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ -n $programs ]]; then
  GPTQUANTBENCH_SOAK=1 GPTQUANTBENCH_REQUIRE_GPU=1 GPTQUANTBENCH_FIXTURES=$PWD/tests/fixtures \
    "$programs/run" GptQuantBench.Gpu.Tests -noColor -showLiveOutput -class '*SoakTests'
  exit
fi

dotnet build -c Debug tests/GptQuantBench.Inference.Tests >/dev/null
dotnet build -c Debug benchmarks/GptQuantBench >/dev/null
GPTQUANTBENCH_SOAK=1 dotnet tests/GptQuantBench.Inference.Tests/bin/Debug/net10.0/GptQuantBench.Inference.Tests.dll \
  -noColor -showLiveOutput -parallelMode none -class '*SoakTests'

texts=$(mktemp)
trap 'rm -f "$texts"' EXIT
for _ in $(seq 20); do
  dotnet benchmarks/GptQuantBench/bin/Debug/net10.0/GptQuantBench.dll generate --model-path tests/fixtures/gpt2-nano --quantization 4-bit \
    --backend cpu --prompt "The future of AI is" --seed 42 2>/dev/null | sha256sum >>"$texts"
done
different=$(sort -u "$texts" | wc -l)
echo "20 processes, $different different texts"
[[ $different -eq 1 ]]
