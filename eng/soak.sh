#!/usr/bin/env bash
# Long runs on the CPU: 500 cases in one process, a million tokens, a seed a hundred times in one process and in twenty. Minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
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
