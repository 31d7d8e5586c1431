#!/bin/sh
# Makes the passwords of a deployment, and the files in which they are handed over:
#
#   make-secrets.sh [FOLDER] [STORE]      default: secrets beside this script, valkey:6379
#
#   users.acl         for Valkey: users.acl of this folder, with the hash of each password
#   sellable.yaml     for the services: the address of the store, with the password of its user
#   monitor_password  for the health check of the store, and for monitoring
#
# Refuses a folder that is there: passwords are not replaced by accident.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
store=${2:-valkey:6379}

if [ -e "$folder" ]; then
  echo "$folder is there already: remove it to make new passwords" >&2
  exit 1
fi

password() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; } # 256 bits; hexadecimal, so fit for a URL

sha256() { # coreutils, or macOS
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

service=$(password)
monitor=$(password)

# Containers read the files under user ids of their own, so the files are readable and the folder is not.
umask 022
mkdir -m 700 "$folder"
printf 'store: redis://sellable:%s@%s\n' "$service" "$store" >"$folder/sellable.yaml"
printf '%s\n' "$monitor" >"$folder/monitor_password"
# One line a user: Valkey refuses comments, and a user that is there twice.
awk -v sellable="$(printf %s "$service" | sha256)" -v monitor="$(printf %s "$monitor" | sha256)" '
  /^user / {
    name = $2
    if (!(name in rights)) order[++count] = name
    sub(/^user [^ ]+/, "")
    rights[name] = rights[name] $0
  }
  END {
    hash["sellable"] = " #" sellable
    hash["monitor"] = " #" monitor
    for (at = 1; at <= count; at++) print "user " order[at] rights[order[at]] hash[order[at]]
  }' "$here/users.acl" >"$folder/users.acl"
echo "made $folder"
