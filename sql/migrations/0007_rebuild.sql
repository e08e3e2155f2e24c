-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Deployments that build a commit again.

alter table deployment
        drop constraint deployment_kind_word,
        add constraint deployment_kind_word check (kind in ('deploy', 'rebuild', 'rollback', 'redeploy'));
