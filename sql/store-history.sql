-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: history
select d.id, a.name, d.status, d.requested_revision, d.revision, d.image_tag, d.assigned_port::bigint,
  d.created_at, d.started_at, d.finished_at, d.error_summary, d.logs_path, d.requested_by::bigint, d.release_id,
  d.error_quote
from deployment d join app a on a.id = d.app_id
where ($1::bigint is null or d.app_id = $1) and ($2::bigint is null or d.id < $2)
  and ($3::bigint is null or d.id = $3) order by d.id desc limit $4
