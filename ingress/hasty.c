/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/hasty.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "ingress/runtime.h"
#include "ingress/servers.h"

typedef struct HastyCall {
        Hasty *hasty;
        RuntimeCall *call;
        LIST_FIELDS(struct HastyCall, calls);
} HastyCall;

struct Hasty {
        sd_event *event;
        const char *path;
        LIST_HEAD(HastyCall, calls);
};

static void hasty_call_free(HastyCall *call)
{
        LIST_REMOVE(calls, call->hasty->calls, call);
        runtime_call_free(call->call);
        free(call);
}

Hasty *hasty_new(sd_event *event, const char *path)
{
        Hasty *hasty = calloc(1, sizeof(Hasty));

        assert(event);
        assert(path);

        if (hasty)
                *hasty = (Hasty){ .event = event, .path = path };
        return hasty;
}

Hasty *hasty_free(Hasty *hasty)
{
        if (!hasty)
                return NULL;
        while (hasty->calls)
                hasty_call_free(hasty->calls);
        free(hasty);
        return NULL;
}

static void hasty_on_done(void *userdata, _unused_ int error, _unused_ const char *answer)
{
        HastyCall *call = userdata;

        call->call = NULL;
        hasty_call_free(call);
}

void hasty_shut(Hasty *hasty, const Instance *instance)
{
        _cleanup_free_ char *command = NULL;
        HastyCall *call;
        size_t size;
        FILE *file;

        assert(hasty);
        assert(instance);

        file = open_memstream(&command, &size);
        if (!file)
                return;
        servers_write_shut(instance, file);
        if (fclose(file) != 0)
                return;
        call = calloc(1, sizeof(HastyCall));
        if (!call)
                return;
        call->hasty = hasty;
        LIST_PREPEND(calls, hasty->calls, call);
        if (runtime_call(hasty->event, hasty->path, command, hasty_on_done, call, &call->call) < 0)
                hasty_call_free(call);
}
