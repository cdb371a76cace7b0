#!/bin/sh
# Installs the Debian 12 packages that are missing; does nothing, and asks for nothing, when none is.
set -eu

packages="
  g++ cmake ninja-build ccache pkg-config python3 ca-certificates curl tzdata
  gsoap libboost1.81-dev libcli11-dev libcurl4-openssl-dev libgmock-dev libgsoap-dev libgtest-dev
  libhowardhinnant-date-dev libpoco-dev libpq-dev libsqlite3-dev libsqliteodbc
  libssl-dev libvalijson-dev libxml2-dev libxxhash-dev mariadb-server nlohmann-json3-dev odbc-mariadb
  odbc-postgresql odbcinst php-cli php-soap php-sqlite3 postgresql
  prometheus-cpp-dev spin unixodbc-dev zlib1g-dev"

missing=""
for package in $packages "$@"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "These packages are missing, and there is no sudo to install them:$missing" >&2
    exit 1
  }
  as_root="sudo"
fi
echo "Installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
