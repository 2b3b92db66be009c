#!/usr/bin/env bash
# scripts/hashes: an example is the same at every block size, and one that is not is seen.
set -euo pipefail
source_dir=${MOTET_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$source_dir/scripts/hashes" "$source_dir/examples/voices.jsonl"

# Control: a tool whose output has the block's size in it.
cat >"$work/motet" <<'TOOL'
#!/usr/bin/env bash
if [[ $1 == render ]]; then echo "${!#}"; fi
TOOL
chmod +x "$work/motet"
if MOTET=$work/motet "$source_dir/scripts/hashes" "$source_dir/examples/voices.jsonl" >"$work/told"; then
    echo "differences are not told"
    exit 1
fi
grep -q '^0 timelines are the same at every block size, 1 are not, 0 left out$' "$work/told"
