-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Whether the submodules of a repository are fetched. So far their directories were empty.

alter table repository
        add column submodules text not null default 'no'
                constraint repository_submodules_word check (submodules in ('yes', 'no'));
comment on column repository.submodules is 'whether submodules are a part of the tree';
