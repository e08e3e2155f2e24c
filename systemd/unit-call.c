/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"
#include "systemd/units-internal.h"

#define SENTENCE_MAX 300

UnitCall *unit_call_free(UnitCall *call)
{
        if (!call)
                return NULL;
        pid1_call_free(call->pending);
        unit_watch_free(call->watch);
        sd_bus_message_unref(call->start);
        sd_event_source_disable_unref(call->look);
        free(call->name);
        free(call);
        return NULL;
}

int unit_call_new(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = calloc(1, sizeof(UnitCall));

        if (!call)
                return -ENOMEM;
        call->units = units;
        call->done = done;
        call->userdata = userdata;
        call->name = strdup(name);
        if (!call->name)
                return -ENOMEM;
        *ret = TAKE_PTR(call);
        return 0;
}

void unit_call_finish(UnitCall *call, int error, const char *sentence)
{
        UnitCallDone done = call->done;
        void *userdata = call->userdata;

        unit_call_free(call);
        done(userdata, error, sentence);
}

void unit_call_finish_with_error(UnitCall *call, sd_bus_message *reply)
{
        _cleanup_free_ char *sentence =
                text_sanitize(sd_bus_message_get_error(reply)->message, SENTENCE_MAX);

        unit_call_finish(call, -EIO, text_or_empty(sentence));
}

#if DEPLOYD_FAILPOINTS
/* `app` of deployd-app-shop-42.web.1.service, whose other numbers no test can know. */
const char *unit_call_kind(const UnitCall *call)
{
        static char word[32];
        const char *from = strchr(call->name, '-');

        word[0] = '\0';
        if (from)
                (void) strncat(word, from + 1, MIN2(strcspn(from + 1, "-"), sizeof(word) - 1));
        return word;
}
#endif

int unit_call_ask(UnitCall *call, sd_bus_message *message, Pid1Done on_reply)
{
        FAILPOINT("%s-%s.ask", sd_bus_message_get_member(message), unit_call_kind(call));
        return pid1_call(&call->units->pid1, message, on_reply, call, &call->pending);
}

int unit_call_ask_about(UnitCall *call, const char *method, bool job, Pid1Done on_reply)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = pid1_method(&call->units->pid1, method, &message);
        if (r >= 0)
                r = job ? sd_bus_message_append(message, "ss", call->name, "replace")
                        : sd_bus_message_append(message, "s", call->name);
        return r < 0 ? r : unit_call_ask(call, message, on_reply);
}

/* The answer is all that is waited for. */
static void on_replied(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        FAILPOINT("unit-%s.answered", unit_call_kind(call));
        units_read(call->units, call->name);
        if (sd_bus_message_is_method_error(reply, NULL))
                unit_call_finish_with_error(call, reply);
        else
                unit_call_finish(call, 0, NULL);
}

static int make_job(Units *units, const char *method, const char *name, UnitCallDone done, void *userdata,
                    UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(name);
        assert(done);
        assert(ret);

        r = unit_call_new(units, name, done, userdata, &call);
        if (r >= 0)
                r = unit_call_ask_about(call, method, /* job= */ true, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

int units_restart(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        return make_job(units, "RestartUnit", name, done, userdata, ret);
}

int units_reload(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        return make_job(units, "ReloadUnit", name, done, userdata, ret);
}

int units_stop_slice(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        return make_job(units, "StopUnit", name, done, userdata, ret);
}

int units_kill(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(name);
        assert(done);
        assert(ret);

        r = unit_call_new(units, name, done, userdata, &call);
        if (r >= 0)
                r = pid1_method(&units->pid1, "KillUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ssi", name, "all", SIGKILL);
        if (r >= 0)
                r = unit_call_ask(call, message, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

int unit_call_ask_for_limits(UnitCall *call, Pid1Done on_reply)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const UnitLimits *limits = &call->limits;
        int r;

        r = pid1_method(&call->units->pid1, "SetUnitProperties", &message);
        if (r >= 0)
                r = sd_bus_message_append(
                        message, "sba(sv)", call->name, /* runtime= */ true, 3, "MemoryMax", "t",
                        limits->memory_max ? limits->memory_max : UINT64_MAX, "TasksMax", "t",
                        limits->tasks_max ? limits->tasks_max : UINT64_MAX, "CPUQuotaPerSecUSec", "t",
                        limits->cpu_quota_usec ? limits->cpu_quota_usec : UINT64_MAX);
        return r < 0 ? r : unit_call_ask(call, message, on_reply);
}

int units_set_limits(Units *units, const char *name, uint64_t memory_max, uint64_t tasks_max,
                     uint64_t cpu_quota_usec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(name);
        assert(done);
        assert(ret);

        r = unit_call_new(units, name, done, userdata, &call);
        if (r < 0)
                return r;
        call->limits = (UnitLimits){ memory_max, tasks_max, cpu_quota_usec };
        r = unit_call_ask_for_limits(call, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}
