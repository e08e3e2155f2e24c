#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the schema of a database as MIGRATIONS.md has it, from its catalog:

    docs/schema.py 'host=/run/deployd/postgres user=deployd dbname=deployd'

With --write first, it is put into MIGRATIONS.md instead."""

import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent / "MIGRATIONS.md"
BEGIN, END = "<!-- docs/schema.py -->\n", "<!-- end of what docs/schema.py prints -->\n"

# One text, line by line: tables as they were made, then what they are made of.
QUERY = r"""
with tab as (select oid, relname, row_number() over (order by oid) as n from pg_class
             where relnamespace = 'public'::regnamespace and relkind = 'r'),
line (part, n, kind, m, text) as (
    select 1, n, 0, 0, format(E'\n### %s\n\n%s.\n\n| column | type | default | |\n| --- | --- | --- | --- |',
                              relname, initcap(left(obj_description(oid), 1)) || substr(obj_description(oid), 2))
    from tab
    union all
    select 1, n, 1, attnum, format('| %s | %s%s | %s | %s |', attname, format_type(atttypid, atttypmod),
                                   case when attnotnull then '' else ', or null' end,
                                   case when attidentity <> '' then 'the next' else '`' || pg_get_expr(adbin, adrelid) || '`'
                                   end, col_description(tab.oid, attnum))
    from tab join pg_attribute on attrelid = tab.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    union all select 1, n, 2, 0, '' from tab
    union all
    select 1, n, 3, row_number() over (partition by n order by position(contype in 'pufxc'), conname),
           format('- %s: `%s`', conname, regexp_replace(pg_get_constraintdef(pg_constraint.oid, true), '\s+', ' ', 'g'))
    from tab join pg_constraint on conrelid = tab.oid and contype in ('p', 'u', 'f', 'x', 'c')
    union all
    select 1, n, 4, row_number() over (partition by n order by indexrelid::regclass::text),
           format('- %s: `%s`', indexrelid::regclass,
                  regexp_replace(pg_get_indexdef(indexrelid, 0, true), '^CREATE (UNIQUE )?INDEX \S+ ON (\S+) USING',
                                 '\1INDEX USING'))
    from tab join pg_index on indrelid = tab.oid
    where not exists (select from pg_constraint where conindid = indexrelid and conrelid = indrelid)
    union all
    select 1, n, 5, row_number() over (partition by n order by tgname),
           format('- %s: `%s`', tgname, regexp_replace(pg_get_triggerdef(pg_trigger.oid, true),
                                                       '^CREATE (CONSTRAINT )?TRIGGER \S+ (.*) ON (\S+) (.*)$',
                                                       '\1TRIGGER \2 \4'))
    from tab join pg_trigger on tgrelid = tab.oid and not tgisinternal
    union all
    select 2, 0, 0, 0, E'\n### Types\n\nText and numbers of a form:\n'
    union all
    select 2, row_number() over (order by typname), 1, row_number() over (partition by pg_type.oid order by conname),
           format('- %s, %s (%s): `%s`', typname, format_type(typbasetype, typtypmod), obj_description(pg_type.oid),
                  pg_get_constraintdef(pg_constraint.oid, true))
    from pg_type join pg_constraint on contypid = pg_type.oid where typnamespace = 'public'::regnamespace
    union all
    select 3, 0, 0, 0, E'\n### Relations\n\n| from | to | when that goes |\n| --- | --- | --- |'
    union all
    select 3, n, 1, row_number() over (partition by n order by conname),
           format('| %s (%s) | %s | %s |', relname,
                  (select string_agg(attname, ', ' order by at) from unnest(conkey) with ordinality key (number, at)
                   join pg_attribute on attrelid = conrelid and attnum = number),
                  confrelid::regclass,
                  case confdeltype when 'c' then 'it goes too' when 'n' then 'null' else 'refused' end)
    from tab join pg_constraint on conrelid = tab.oid and contype = 'f')
select regexp_replace(text, '::text(\[\])?', '', 'g') from line order by part, n, kind, m
"""


def schema(conninfo):
    """The text, without an empty line at its beginning."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", QUERY, conninfo], capture_output=True,
                          text=True, check=True)
    return done.stdout.replace("\n\n\n", "\n\n").lstrip("\n")


def written():
    """What the document has."""
    return DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def main(*words):
    if words[:1] != ("--write",):
        print(schema(*words), end="")
        return
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    DOCUMENT.write_text(before + BEGIN + schema(*words[1:]) + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
