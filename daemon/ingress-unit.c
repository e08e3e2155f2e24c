/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ingress-unit.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define UNIT_INGRESS "deployd-ingress.service"

struct IngressUnit {
        Units *units;
        Ingress *ingress;
        UnitWatch *watch;
        UnitCall *call; /* a reload that PID 1 has not taken yet */
};

static void ingress_unit_on_state(void *userdata, const UnitState *state)
{
        IngressUnit *unit = userdata;

        ingress_set_runs(unit->ingress, state->main_pid != 0);
}

static void on_reload(void *userdata, int error, const char *sentence)
{
        IngressUnit *unit = userdata;

        unit->call = NULL;
        /* The ingress sees that nothing was loaded, and asks again. */
        if (error < 0)
                log_warning("%s could not be reloaded: %s", UNIT_INGRESS, text_or_empty(sentence));
}

void ingress_unit_reload(IngressUnit *unit)
{
        int r;

        assert(unit);

        if (unit->call)
                return;
        r = units_reload(unit->units, UNIT_INGRESS, on_reload, unit, &unit->call);
        if (r < 0)
                log_warning("%s could not be reloaded: %s", UNIT_INGRESS, strerror(-r));
}

int ingress_unit_new(Units *units, Ingress *ingress, IngressUnit **ret)
{
        _cleanup_(ingress_unit_freep) IngressUnit *unit = NULL;
        int r;

        assert(units);
        assert(ingress);
        assert(ret);

        unit = calloc(1, sizeof(IngressUnit));
        if (!unit)
                return -ENOMEM;
        *unit = (IngressUnit){ .units = units, .ingress = ingress };
        r = unit_watch_new(units, UNIT_INGRESS, ingress_unit_on_state, unit, &unit->watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(unit);
        return 0;
}

IngressUnit *ingress_unit_free(IngressUnit *unit)
{
        if (!unit)
                return NULL;
        unit_call_free(unit->call);
        unit_watch_free(unit->watch);
        free(unit);
        return NULL;
}
