#!/usr/bin/env bash
# labels: project
# The tables of docs/effects.md are what the tool says of its effects.
set -euo pipefail
exec "$MOTET_SOURCE/scripts/effect-tables" --check "$MOTET"
