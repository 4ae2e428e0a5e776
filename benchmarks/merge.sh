#!/usr/bin/env bash
# Measures `cogvideo merge` of three models against its floor: their bytes read, as many as the result has written and
# synced, nothing else.
#
#   benchmarks/merge.sh [SIZE...]      sizes in billions of parameters; 1 5 when none is given
#
# ROUNDS   measurements of each kind (3)
# WORK     a folder on the disk to be measured (a new one in $TMPDIR)
# METHOD   options of the merge ("--method average")
# FORM     converted, or zero2: merged as the trainer saved them
#
# Each size needs 9 GB of disk a billion, of the form zero2 14; everything is deleted.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/prepare.bash"

work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/cogvideo4j-merge.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

printf 'Processors: %s, load: %s\n\n' "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
form=${FORM:-converted}
method=${METHOD:---method average}
printf '#!/usr/bin/env bash\nexec %q merge %s "$@"\n' "$root/cogvideo" "$method" >"$work/merge"
chmod +x "$work/merge"
header=(--header yes)
for size in "${@:-1 5}"; do
  for billions in $size; do
    benchmark synthetic.SyntheticCheckpoint --billions "$billions" --stage 2 --ranks 2 --sparse-module "$work/trained" >/dev/null
    if [[ $form == converted ]]; then
      "$root/cogvideo" convert "$work/trained" "$work/one" >/dev/null 2>&1
      rm -rf -- "$work/trained"
    else
      mv -- "$work/trained" "$work/one"
    fi
    # Other values would take no other time.
    cp -a --sparse=always -- "$work/one" "$work/two"
    cp -a --sparse=always -- "$work/one" "$work/three"
    benchmark conversion.ConversionBenchmark "${header[@]}" --rounds "${ROUNDS:-3}" --cache cold --sources 3 \
      --label "$billions billion, three, $form, $method" "$work"/{one,two,three} "$work/output" "$work/merge"
    header=()
    rm -rf -- "${work:?}"/{one,two,three}
  done
done
