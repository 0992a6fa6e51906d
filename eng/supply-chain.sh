#!/usr/bin/env bash
# Writes THIRD-PARTY-NOTICES.md and sbom.cdx.json again from the lock files; needed after a change of packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet restore --locked-mode
dotnet build --no-restore -c Debug tests/GptQuantBench.Tests
GPTQUANTBENCH_WRITE=1 dotnet tests/GptQuantBench.Tests/bin/Debug/net10.0/GptQuantBench.Tests.dll -noColor -class '*SupplyChainTests'
