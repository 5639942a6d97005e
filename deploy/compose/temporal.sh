#!/bin/sh
# Brings Temporal's tables to the version of this image ("schema"), or runs its server ("server").
# Both take the password from a file, which Temporal's own programs cannot.
set -eu
password=$(cat /run/secrets/temporal)

if [ "$1" = server ]; then
    export POSTGRES_PWD="$password"
    exec /etc/temporal/entrypoint.sh
fi

export SQL_PLUGIN=postgres12 SQL_HOST=postgres SQL_PORT=5432 SQL_USER=temporal SQL_PASSWORD="$password"
for pair in temporal:temporal temporal_visibility:visibility; do
    export SQL_DATABASE="${pair%:*}"
    # Leaves a schema of a later version as it is.
    temporal-sql-tool setup-schema -v 0.0
    temporal-sql-tool update-schema -d "/etc/temporal/schema/postgresql/v12/${pair#*:}/versioned"
done
