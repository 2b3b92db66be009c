#!/usr/bin/env bash
# labels: project
# Every C file is formatted, the way clang-format 14 does it.
set -euo pipefail
version=$(clang-format --version 2>/dev/null | grep -oE 'version [0-9]+') || version=none
if [[ $version != "version 14" ]] && ! command -v clang-format-14 >/dev/null; then
    echo "clang-format 14 is not here ($version)"
    exit 77
fi
exec "$MOTET_SOURCE/scripts/format" --check
