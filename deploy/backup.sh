#!/bin/sh
# Copies the store's data while it is written to:
#
#   backup.sh DATA TARGET      DATA: the folder that has appendonlydir; TARGET: a folder to be made
#
# The copy is a data folder of one moment, not before the start of the command: files of the log only
# grow, so each is whole up to where it was read, and a command cut off at the end is dropped when the
# copy is loaded (aof-load-truncated). A rewrite that ends meanwhile replaces files: copied again then.
set -eu
data=$(cd "$1/appendonlydir" && pwd)
manifest=appendonly.aof.manifest

if [ -e "$2" ]; then
  echo "$2 is there already: a backup goes into a folder of its own" >&2
  exit 1
fi
mkdir -p "$2"
target=$(cd "$2" && pwd)/appendonlydir
for _ in 1 2 3 4 5; do
  rm -rf "$target"
  mkdir "$target"
  cp "$data/$manifest" "$target"
  # A line of the manifest is: file NAME seq NUMBER type KIND.
  if cut -d ' ' -f 2 "$target/$manifest" | (cd "$data" && xargs -I NAME cp NAME "$target/") &&
    cmp -s "$data/$manifest" "$target/$manifest"; then
    sync
    echo "copied to $2"
    exit 0
  fi
done
echo "the log was rewritten five times meanwhile: try again" >&2
exit 1
