/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which units of ours PID 1 has. */

#include <errno.h>
#include <string.h>

#include "daemon/model/unit-name.h"
#include "systemd/units-internal.h"

/* Adds the unit's name to the list if it is one of ours and loaded. */
static int read_listed_unit(sd_bus_message *reply, char ***names, size_t *n_names)
{
        _cleanup_unit_name_ UnitName parsed = {};
        _cleanup_free_ char *app = NULL;
        const char *name, *load, *active;
        uint32_t job;
        char **grown;
        int r;

        r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, &load, &active, NULL, NULL, NULL, &job,
                                NULL, NULL);
        if (r <= 0)
                return r;
        if (strcmp(load, "not-found") == 0 || (strcmp(active, "inactive") == 0 && job == 0) ||
            (unit_name_parse(name, &parsed) < 0 && slice_name_parse(name, &app) < 0))
                return 1;
        grown = reallocarray(*names, *n_names + 2, sizeof(char *));
        if (!grown)
                return -ENOMEM;
        *names = grown;
        grown[*n_names] = strdup(name);
        if (!grown[*n_names])
                return -ENOMEM;
        grown[++*n_names] = NULL;
        return 1;
}

static void unit_list_on_listed(void *userdata, sd_bus_message *reply)
{
        _cleanup_(unit_call_freep) UnitCall *call = userdata;
        char *none[] = { NULL };
        char **names = NULL;
        size_t n_names = 0;
        int r;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL))
                r = -EIO;
        else
                r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        while (r > 0)
                r = read_listed_unit(reply, &names, &n_names);

        call->listed(call->userdata, r < 0 ? r : 0, names ? names : none);
        for (size_t i = 0; i < n_names; i++)
                free(names[i]);
        free(names);
}

int units_list(Units *units, UnitsListed listed, void *userdata, UnitCall **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(listed);
        assert(ret);

        r = unit_call_new(units, "", NULL, userdata, &call);
        if (r < 0)
                return r;
        call->listed = listed;
        r = pid1_method(&units->pid1, "ListUnitsByPatterns", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "asas", 0, 2, "deployd-*.service",
                                          "deployd-apps-*.slice");
        if (r >= 0)
                r = unit_call_ask(call, message, unit_list_on_listed);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}
