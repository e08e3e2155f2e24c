/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/unit-kind.h"

#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"

#define SLICE_OWN    "deployd.slice"
#define SLICE_BUILDS "deployd-builds.slice"

static const UnitKindRow unit_kind_rows[UNIT_KIND_MAX] = {
        [UNIT_APP] = {
                .word = "app",
                .owner = UNIT_OWNER_INSTANCE,
                .resume = UNIT_RESUME_INSTANCE,
                .helper = PATH_LIBEXEC "/deployd-launch",
                .directories = "deployd-apps",
                .has_state = true,
                .user = 'a',
                .removed = "app",
        },
        [UNIT_FETCH] = {
                .word = "fetch",
                .owner = UNIT_OWNER_REPOSITORY,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
                .archived = true,
                .helper = PATH_LIBEXEC "/deployd-fetch",
                .directories = "deployd-fetch",
                .user = 'f',
                .removed = "mirror",
        },
        /* As the user of UNIT_FETCH, in its directory. */
        [UNIT_RESOLVE] = {
                .word = "resolve",
                .owner = UNIT_OWNER_REPOSITORY,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
                .archived = true,
                .helper = PATH_LIBEXEC "/deployd-fetch",
        },
        [UNIT_BUILD] = {
                .word = "build",
                .owner = UNIT_OWNER_DEPLOYMENT,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_BUILDS,
                .archived = true,
                .helper = PATH_LIBEXEC "/deployd-build",
                .directories = "deployd-build",
                .has_state = true,
                .user = 'b',
                .removed = "build",
        },
        /* As the user of UNIT_APP, in its directories. */
        [UNIT_RELEASE] = {
                .word = "release",
                .owner = UNIT_OWNER_DEPLOYMENT,
                .resume = UNIT_RESUME_WHILE_RELEASING,
                .archived = true,
                .helper = PATH_LIBEXEC "/deployd-launch",
        },
        [UNIT_ARCHIVE] = {
                .word = "archive",
                .owner = UNIT_OWNER_DEPLOYMENT,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
                .helper = PATH_LIBEXEC "/deployd-archive",
        },
        [UNIT_IMPORT] = {
                .word = "import",
                .owner = UNIT_OWNER_DEPLOYMENT,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
                .archived = true,
                .helper = PATH_LIBEXEC "/deployd-import",
        },
        /* Removes what something that is gone has left. */
        [UNIT_REMOVE] = {
                .word = "remove",
                .owner = UNIT_OWNER_NOBODY,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
        },
        /* As the user of UNIT_FETCH. */
        [UNIT_KEYGEN] = {
                .word = "keygen",
                .owner = UNIT_OWNER_REPOSITORY,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_OWN,
                .helper = PATH_LIBEXEC "/deployd-fetch",
        },
        [UNIT_LIMIT] = {
                .word = "limit",
                .owner = UNIT_OWNER_NOBODY,
                .resume = UNIT_RESUME_NEVER,
                .slice = SLICE_BUILDS,
                .helper = PATH_LIBEXEC "/deployd-limit",
        },
};

const UnitKindRow *unit_kind_row(UnitKind kind)
{
        assert(kind > UNIT_KIND_UNSET && kind < UNIT_KIND_MAX);
        assert(unit_kind_rows[kind].word);
        return &unit_kind_rows[kind];
}

const char *unit_kind_to_string(UnitKind value)
{
        return value > UNIT_KIND_UNSET && value < UNIT_KIND_MAX ? unit_kind_rows[value].word : NULL;
}

UnitKind unit_kind_from_string(const char *word)
{
        for (UnitKind kind = UNIT_KIND_UNSET + 1; word && kind < UNIT_KIND_MAX; kind++)
                if (strcmp(unit_kind_row(kind)->word, word) == 0)
                        return kind;
        return (UnitKind) -EINVAL;
}

char *unit_kind_user(UnitKind kind, uint64_t id)
{
        assert(unit_kind_row(kind)->directories);
        return text_format("deployd-%c%" PRIu64, unit_kind_row(kind)->user, id);
}

char *unit_kind_directory(UnitKind kind, uint64_t id)
{
        assert(unit_kind_row(kind)->directories);
        return text_format("%s/%" PRIu64, unit_kind_row(kind)->directories, id);
}
