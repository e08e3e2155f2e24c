/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-own.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"

#define TRANSIENT_DIRECTORY "/run/systemd/transient/"
#define USER_OF_APPS        "deployd-a"
#define FRAGMENT_SHOWN_MAX  200

bool unit_is_own(const char *name, const UnitState *state)
{
        _cleanup_unit_name_ UnitName parsed = {};
        _cleanup_free_ char *own = NULL;
        const char *slice;

        assert(name);
        assert(state);

        if (!state->loaded)
                return true;
        if (unit_name_parse(name, &parsed) < 0)
                return false;
        slice = unit_kind_row(parsed.kind)->slice;
        if (!slice)
                slice = own = slice_name_make(parsed.name);
        if (!slice || strcmp(state->slice, slice) != 0 ||
            strncmp(state->fragment, TRANSIENT_DIRECTORY, strlen(TRANSIENT_DIRECTORY)) != 0)
                return false;
        return !own || strncmp(state->user, USER_OF_APPS, strlen(USER_OF_APPS)) == 0;
}

char *unit_describe_stranger(const char *name, const UnitState *state)
{
        _cleanup_free_ char *fragment = NULL;

        assert(name);
        assert(state);

        fragment = text_sanitize(state->fragment, FRAGMENT_SHOWN_MAX);
        if (!fragment)
                return NULL;
        return text_format("the unit %s is not deployd's: somebody else has made it (%s); look at it with "
                           "'systemctl cat %s', and remove it ('systemctl stop %s' if it was made by "
                           "systemd-run)",
                           name, fragment[0] != '\0' ? fragment : "it has no file", name, name);
}
