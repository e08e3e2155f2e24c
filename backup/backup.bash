# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What deployd-backup and deployd-restore share: what they say, and the way to the database.

# Says why nothing more is done, and ends.
die() {
        echo "deployctl: $*" >&2
        exit 1
}

# Ends with a status ($1) of some program, which has said what is wrong, or of a signal.
end() {
        [ "$1" -le 1 ] || [ "$1" -gt 128 ] || exit 1
        exit "$1"
}

say() {
        echo "$*" >&2
}

# Makes the database known to the programs of PostgreSQL, by a file in a directory ($1): it may have a password in it.
connect() {
        systemctl start deployd-postgres.service
        /usr/sbin/deployd database-service >"$1/service"
        export PGSERVICEFILE=$1/service PGSERVICE=deployd PGAPPNAME=${0##*/} PGOPTIONS='-c client_min_messages=warning'
}

# Runs statements, all or none; without further arguments those of standard input.
sql() {
        psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --single-transaction "$@"
}

# Whether there is a table ($1).
has_table() {
        [ "$(sql --command="select to_regclass('$1') is not null")" = t ]
}

# "2 repositories and 1 app"; nothing if there are none.
count() {
        sql --command="select r || ' repositor' || case r when 1 then 'y' else 'ies' end || ' and ' ||
                              a || ' app' || case a when 1 then '' else 's' end
                       from (select count(*) r from repository) r, (select count(*) a from app) a where r + a > 0"
}
