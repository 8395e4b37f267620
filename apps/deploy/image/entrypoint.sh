#!/bin/sh
# The image's entry point: `start`, `record` and `merge` as pnpm's scripts of these names run them, without pnpm.
#
# exec, so that signals reach the command itself. Options alone are those of `start`.
set -eu
apps=$(dirname "$0")/../..

case "${1-}" in
start)
  shift
  exec node --single-threaded-gc "$apps/worker/src/main.ts" "$@"
  ;;
merge)
  shift
  exec node --single-threaded-gc "$apps/worker/src/merge.ts" "$@"
  ;;
record)
  shift
  exec node --max-semi-space-size=8 "$apps/recorder/src/main.ts" "$@"
  ;;
-*)
  exec node --single-threaded-gc "$apps/worker/src/main.ts" "$@"
  ;;
*)
  echo "error: the image runs start, merge or record, got: ${1-nothing}" >&2
  exit 2
  ;;
esac
