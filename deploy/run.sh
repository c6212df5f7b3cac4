#!/bin/sh
# One scheduled run: takes up the newest run again if it died, else begins a new one.
#   run.sh DEPESCHE OUTPUT OPTION...      OPTIONs are those of `ingest`; OUTPUT holds nothing but scheduled runs
#   COMMAND=stream run.sh ...             the same for a stream
set -eu

depesche=$1
output=$2
shift 2
newest=$(ls "$output" 2>/dev/null | tail -n 1)  # a run is named after its start, so the last name is the newest
if [ -n "$newest" ] && [ ! -e "$output/$newest/run.json" ]; then
    set -- --run-id "$newest" "$@"
fi
exec "$depesche" "${COMMAND:-ingest}" --output "$output" "$@"
