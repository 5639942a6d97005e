#!/bin/bash
# Makes the folders and passwords that deploy/compose.yml reads, as root: secrets.sh [FOLDER]
# LEDGER is the HOST:PORT of another PostgreSQL, as in compose.env.
# What is there stays; a password that is removed is made anew. Owners are users of the images.
set -euo pipefail
home=${1:-/etc/activation}
ledger=${LEDGER:-postgres:5432}
engine=10001 postgres=999 temporal=1000 grafana=472 proxy=101
umask 077
mkdir -p "$home"/{secrets,keys/all,operators,public,tls}
cd "$home/secrets"

made() { # a file with a new password, unless it is there
    [ -s "$1" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1"
}

made postgres; made temporal; made grafana
echo "temporal $(<temporal)" >roles
for process in owner portal console main messaging directory commands alerts; do
    role=activation_$process
    [ "$process" != owner ] || role=activation
    made "$process.password"
    echo "$role $(<"$process.password")" >>roles
    echo "$ledger:ledger:$role:$(<"$process.password")" >"$process.pgpass"
    case $process in
        # Who reads the registrar has its line too, HOST:5432:DATABASE:USER:PASSWORD.
        console | main | commands) [ ! -e registrar.pgpass ] || cat registrar.pgpass >>"$process.pgpass" ;;
    esac
    mkdir -p "../keys/$process"
done
# What the university's systems gave; empty where a system wants none.
touch directory sms mail alerts oidc

chown "$engine:$engine" ./*.pgpass directory sms mail alerts oidc
chown -R "$engine:$engine" ../keys ../operators
chown "$postgres:$postgres" postgres roles
chown "$temporal:$temporal" temporal
chown "$grafana:$grafana" grafana
chown "$proxy:$proxy" ../tls/* 2>/dev/null || true
chown 0:0 ./*.password
find . ../tls -type f -exec chmod 400 {} +
chmod 755 ..; chmod 711 . ../keys; chmod 755 ../public ../tls
