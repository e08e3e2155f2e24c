-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- What the output of an app or a build said of a failure is for those who may read logs, and stands apart from the
-- sentence that everybody may read. So far it was the end of that, behind a colon.

alter table deployment
        add column error_quote one_line not null default ''
                constraint deployment_error_quote_length check (char_length(error_quote) <= 1000),
        add constraint deployment_error_quote_if_failed check (status = 'failed' or error_quote = '');
comment on column deployment.error_quote is 'what its output said, behind error_summary; for who may read logs';

with sentence as (
        select id, error_summary,
               case when error_summary ~ '^(build|fetch|import): ' then strpos(error_summary, ': ') + 2 else 1 end as start
        from deployment where status = 'failed'),
cut as (select id, start + strpos(substr(error_summary, start), ': ') - 2 as length
        from sentence where strpos(substr(error_summary, start), ': ') > 1)
update deployment set error_quote = substr(error_summary, cut.length + 1), error_summary = left(error_summary, cut.length)
        from cut where cut.id = deployment.id;
