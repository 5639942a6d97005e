#!/bin/bash
# Makes the roles and databases of the ledger and of Temporal; gives each role its password anew.
# /run/secrets/roles has a role and its password on each line.
set -euo pipefail
secrets=${SECRETS:-/run/secrets}
export PGHOST=${PGHOST:-postgres} PGUSER=postgres PGOPTIONS='--client-min-messages=warning'
PGPASSWORD=$(<"$secrets/postgres")
export PGPASSWORD

while read -r role password; do
    # By standard input, so that no password is in a list of processes.
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 <<SQL
\set role $role
\set password $password
SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
SQL
done <"$secrets/roles"

# Nobody logs in as this one; `activation ledger roles` gives rights to a worker with all queues too.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 <<'SQL'
SELECT 'CREATE ROLE activation_worker'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'activation_worker') \gexec
SQL

for database in ledger:activation temporal:temporal temporal_visibility:temporal; do
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set "name=${database%:*}" --set "owner=${database#*:}" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'name', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'name') \gexec
SQL
done
