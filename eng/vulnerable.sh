#!/usr/bin/env bash
# Fails where a package of the solution has a known vulnerability, and where none could be seen: a package that is known to be bad
# is asked about first, because without advisories the tool calls everything clean.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
cat >"$planted/planted.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <!-- GHSA-5crp-9r3c-p9vr: stack overflow, fixed in 13.0.1. -->
  <ItemGroup><PackageReference Include="Newtonsoft.Json" Version="12.0.3" /></ItemGroup>
</Project>
PROJECT
dotnet restore "$planted/planted.csproj" >/dev/null
if ! dotnet list "$planted/planted.csproj" package --vulnerable | grep -q 'Newtonsoft.Json'; then
  echo "No advisories can be seen here: Newtonsoft.Json 12.0.3 is called clean. This check says nothing." >&2
  exit 3
fi

report=$(dotnet list package --vulnerable --include-transitive)
echo "$report"
! grep -q 'has the following vulnerable packages' <<<"$report"
