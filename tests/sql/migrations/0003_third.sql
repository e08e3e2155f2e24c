-- SPDX-License-Identifier: LGPL-2.1-or-later
create function third() returns integer language plpgsql as $$ begin return 3; end $$;
insert into second select id from first;
-- The last line is a comment without an end.