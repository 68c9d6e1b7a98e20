#!/usr/bin/env bash
# Installs what `npm run fleet` needs, as Debian packages it. Needs root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
command -v redis-server >/dev/null && exit 0
install() { apt-get install --yes --no-install-recommends redis-server; }
install || { apt-get update && install; }
