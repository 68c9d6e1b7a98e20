#!/usr/bin/env bash
# Installs what `npm run scan:agreement` needs, as Debian packages it: the other scanners, and the servers. Needs root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends sslscan testssl.sh nginx-light openssl libnss3-tools
