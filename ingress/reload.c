/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/text.h"
#include "ingress/servers.h"

/* A reload that has not shown by then has failed. Ten times the longest that was seen with few apps; it is
 * twice as long after each that has failed, for thousands of apps may need that. */
#define PATIENCE_USEC   (5 * USEC_PER_SEC)
#define N_DOUBLINGS_MAX 10u

ReloadState reload_look(Reload *reload, const char *backends, const char *generation, const char *tag,
                        uint64_t now)
{
        bool other, refused, has;

        assert(reload);
        assert(backends);
        assert(generation);

        other = reload->backends && strcmp(backends, reload->backends) != 0;
        has = servers_has_backend(backends, generation);
        if (has && tag && servers_has_backend(backends, tag)) {
                /* A reload that was to bind more may still be at it. */
                if (!reload->retrying || other || now >= reload->until) {
                        reload->until = 0;
                        reload->retrying = false;
                }
                reload->n_refused = 0;
                return RELOAD_LOADED;
        }
        /* Loaded meanwhile is the file as it was before it changed once more. */
        if (other || (reload->retrying && !has))
                reload->until = 0;
        refused = reload->until != 0 && reload->until <= now;
        if (reload->until != 0 && !refused && reload->backends)
                return RELOAD_WAITS;
        if (refused)
                reload->n_refused++;
        return refused ? RELOAD_REFUSED : RELOAD_DUE;
}

int reload_begin(Reload *reload, const char *backends, bool retrying, uint64_t now)
{
        uint64_t patience = PATIENCE_USEC << MIN2(reload->n_refused, N_DOUBLINGS_MAX);

        assert(reload);

        reload->until = now + MIN2(patience, RELOAD_PAUSE_MAX_USEC);
        reload->retrying = retrying;
        return text_replace(&reload->backends, backends);
}

bool reload_was_refused(const Reload *reload)
{
        assert(reload);
        return reload->n_refused > 0;
}

void reload_changed(Reload *reload)
{
        assert(reload);

        if (reload->n_refused == 0)
                return;
        reload->n_refused = 0;
        reload->until = 0;
}

void reload_clear(Reload *reload)
{
        free(reload->backends);
        *reload = (Reload){};
}
