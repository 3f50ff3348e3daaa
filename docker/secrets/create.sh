#!/bin/sh
# For each NAME.example in this folder, makes a random secret in the file NAME, unless that is already there.
# `clerk_webhook_secret` is then to be replaced by the signing secret that Clerk shows for your endpoint.
set -eu
cd "$(dirname "$0")"

# The container runs as another user than you and has to read the files: the folder is what keeps others out.
chmod 700 .
for example in *.example; do
    name=${example%.example}
    [ ! -e "$name" ] || continue
    case $(cat "$example") in
        whsec_*) secret=whsec_$(head -c 32 /dev/urandom | base64) ;;
        *) secret=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_') ;;
    esac
    printf '%s' "$secret" >"$name"
    chmod 644 "$name"
    echo "created docker/secrets/$name"
done
