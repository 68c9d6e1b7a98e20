#!/usr/bin/env bash
# Installs the judges of `npm run differential` that Debian packages: `openssl` and `certtool`. Where they are missing it needs root.
set -euo pipefail
if command -v openssl >/dev/null && command -v certtool >/dev/null; then exit 0; fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends openssl gnutls-bin
