-- SPDX-License-Identifier: LGPL-2.1-or-later

-- part: description
-- The current schema as rows: what a thing is part of, the thing, its definition. No name in a definition is qualified as
-- long as the schema is in the search path, so that two schemas can be compared; hence `pretty`, which some of the functions
-- ask for to leave the schema out. What extensions brought along is theirs.
relation as (select pg_class.*, noun, noun || ' ' || relname as thing from pg_class
  join (values ('r', 'table'), ('p', 'table'), ('f', 'foreign table'), ('v', 'view'),
       ('m', 'view'), ('c', 'type'), ('S', 'sequence')) word (kind, noun) on kind = relkind
  where relnamespace = current_schema()::regnamespace
  and not exists (select from pg_depend where classid = 'pg_class'::regclass
                 and objid = pg_class.oid and deptype in ('i', 'e') and relkind = 'S')
    and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')),
attribute as (select pg_attribute.*, relation.thing as parent,
  'column ' || relname || '.' || attname as thing, relname from relation
  join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped
  where relkind in ('r', 'p', 'f', 'c')),
type as (select pg_type.*, case typtype when 'd' then 'domain ' else 'type ' end || typname
  as thing from pg_type where typnamespace = current_schema()::regnamespace
  and typtype in ('d', 'e', 'r')
    and not exists (select from pg_depend where classid = 'pg_type'::regclass and objid = pg_type.oid and deptype = 'e')),
thing (parent, thing, definition) as (
  select '', thing, concat_ws(' ', case relkind when 'p' then 'partitioned' end,
    case relpersistence when 'u' then 'unlogged' end, case when relrowsecurity then 'row security' end,
    array_to_string(reloptions, ' '), case when relkind in ('v', 'm') then pg_get_viewdef(oid) end)
    from relation
  union all select parent, thing, '' from attribute
  union all select thing, 'type of ' || thing, concat_ws(' collate ',
    format_type(atttypid, atttypmod), (select collname from pg_collation c join pg_type t
      on t.oid = atttypid where c.oid = attcollation and attcollation <> typcollation)) from attribute
  union all select thing, 'nullability of ' || thing,
    case when attnotnull then 'not null' else 'null' end from attribute
  union all select thing, 'default of ' || thing,
    case attgenerated when 's' then 'always ' else '' end || pg_get_expr(adbin, adrelid)
    from attribute join pg_attrdef on adrelid = attrelid and adnum = attnum
  union all select thing, 'identity of ' || thing,
    case attidentity when 'a' then 'always' else 'by default' end ||
      format(' as %s from %s by %s within %s and %s', format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax)
    from attribute join pg_depend on refclassid = 'pg_class'::regclass and refobjid = attrelid
    and refobjsubid = attnum and deptype = 'i' join pg_sequence on seqrelid = objid
    where attidentity <> ''
  union all select relation.thing, 'constraint ' || conname || ' of ' || relation.thing,
    pg_get_constraintdef(c.oid, true) from relation join pg_constraint c on conrelid = relation.oid
    where contype not in ('t', 'n')
  union all select type.thing, 'constraint ' || conname || ' of ' || type.thing,
    pg_get_constraintdef(c.oid, true) from type join pg_constraint c on contypid = type.oid
  union all select relation.thing, 'index ' || indexrelid::regclass::text,
    pg_get_indexdef(indexrelid, 0, true) || case when indisvalid then '' else ' (invalid)' end
    from relation join pg_index on indrelid = relation.oid where not exists (select from pg_constraint
      where conindid = indexrelid and conrelid = indrelid)
  union all select '', thing, concat_ws(' ', case typtype when 'd' then
    format_type(typbasetype, typtypmod) end, case when typnotnull then 'not null' end,
    'default ' || typdefault, (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
      from pg_enum where enumtypid = type.oid)) from type
  union all select '', format('function %s(%s)', proname, pg_get_function_identity_arguments(p.oid)),
    concat_ws(' ', 'returns', pg_get_function_result(p.oid), 'language', lanname,
      case prokind when 'f' then null else 'kind ' || prokind::text end, 'volatility ' || provolatile::text,
      case when proisstrict then 'strict' end, case when prosecdef then 'security definer' end,
      case when proleakproof then 'leakproof' end, 'parallel ' || proparallel::text,
      array_to_string(proconfig, ' '), 'as', prosrc, pg_get_function_sqlbody(p.oid))
    from pg_proc p join pg_language l on l.oid = prolang
    where pronamespace = current_schema()::regnamespace
    and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e')
  union all select relation.thing, 'trigger ' || tgname || ' of ' || relation.thing,
    pg_get_triggerdef(t.oid, true) || case tgenabled when 'O' then '' when 'D' then ' (disabled)' else ' (enabled otherwise)' end
    from relation join pg_trigger t on tgrelid = relation.oid where not tgisinternal
  union all select relation.thing, 'rule ' || rulename || ' of ' || relation.thing,
    pg_get_ruledef(r.oid, true) from relation join pg_rewrite r on ev_class = relation.oid
    where rulename <> '_RETURN')

-- name: schema_keep
create table verify_expected as with
-- include: description
select * from thing;

-- name: schema
-- What is part of something that is missing, or that no migration makes, is not worth a line.
with
-- include: description
, difference as (select thing, coalesce(expected.parent, thing.parent) as parent,
  expected.definition as should, thing.definition as found
  from verify_expected expected full join thing using (thing)
  where expected.definition is distinct from thing.definition)
select thing::text, btrim(regexp_replace(should, '\s+', ' ', 'g')),
  btrim(regexp_replace(found, '\s+', ' ', 'g')) from difference
where not exists (select from difference above where above.thing = difference.parent
                  and (above.should is null or above.found is null)) order by thing
