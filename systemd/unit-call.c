/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"
#include "systemd/unit-spec.h"
#include "systemd/units-internal.h"

#define SENTENCE_MAX 300

/* One thing asked of PID 1 for one unit. */
struct UnitCall {
        Units *units;
        char *name;
        Pid1Call *pending;
        UnitWatch *watch;
        UnitCallDone done;
        UnitsListed listed;
        void *userdata;
        bool asked;   /* units_remove(): PID 1 has taken the last request */
        bool kill;    /* units_remove(): as soon as it is being stopped */
        bool cleaned; /* units_clean(): the directories are gone */
};

UnitCall *unit_call_free(UnitCall *call)
{
        if (!call)
                return NULL;
        pid1_call_free(call->pending);
        unit_watch_free(call->watch);
        free(call->name);
        free(call);
        return NULL;
}

static int unit_call_new(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
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

static void finish(UnitCall *call, int error, const char *sentence)
{
        UnitCallDone done = call->done;
        void *userdata = call->userdata;

        unit_call_free(call);
        done(userdata, error, sentence);
}

static void finish_with_error(UnitCall *call, sd_bus_message *reply)
{
        _cleanup_free_ char *sentence =
                text_sanitize(sd_bus_message_get_error(reply)->message, SENTENCE_MAX);

        finish(call, -EIO, text_or_empty(sentence));
}

#if DEPLOYD_FAILPOINTS
/* `app` of deployd-app-shop-42.web.1.service, whose other numbers no test can know. */
static const char *kind(const UnitCall *call)
{
        static char word[32];
        const char *from = strchr(call->name, '-');

        word[0] = '\0';
        if (from)
                (void) strncat(word, from + 1, MIN2(strcspn(from + 1, "-"), sizeof(word) - 1));
        return word;
}
#endif

/* Sends `message` for `call`. */
static int ask(UnitCall *call, sd_bus_message *message, Pid1Done on_reply)
{
        FAILPOINT("%s-%s.ask", sd_bus_message_get_member(message), kind(call));
        return pid1_call(&call->units->pid1, message, on_reply, call, &call->pending);
}

/* A Manager method with the unit's name and, for those that make a job, its mode. */
static int ask_about_unit(UnitCall *call, const char *method, bool job, Pid1Done on_reply)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = pid1_method(&call->units->pid1, method, &message);
        if (r >= 0)
                r = job ? sd_bus_message_append(message, "ss", call->name, "replace")
                        : sd_bus_message_append(message, "s", call->name);
        return r < 0 ? r : ask(call, message, on_reply);
}

/* The answer is all that is waited for. That the unit to be started exists is as good as having started it.
 */
static void on_replied(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        FAILPOINT("unit-%s.answered", kind(call));
        units_read(call->units, call->name);
        if (sd_bus_message_is_method_error(reply, NULL) &&
            !sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.UnitExists"))
                finish_with_error(call, reply);
        else
                finish(call, 0, NULL);
}

static int ask_to_start(UnitCall *call, const UnitSpec *spec, Pid1Done on_reply)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = pid1_method(&call->units->pid1, "StartTransientUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", spec->name, "fail");
        if (r >= 0)
                r = unit_spec_append(message, spec);
        if (r >= 0)
                r = sd_bus_message_append(message, "a(sa(sv))", 0);
        return r < 0 ? r : ask(call, message, on_reply);
}

int units_start(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(spec);
        assert(done);
        assert(ret);

        r = unit_call_new(units, spec->name, done, userdata, &call);
        if (r >= 0)
                r = ask_to_start(call, spec, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
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
                r = ask_about_unit(call, method, /* job= */ true, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

int units_restart(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        return make_job(units, "RestartUnit", name, done, userdata, ret);
}

int units_stop_slice(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret)
{
        return make_job(units, "StopUnit", name, done, userdata, ret);
}

/* Whatever PID 1 answered to StopUnit or ResetFailedUnit, the unit's state says how far it is. */
static void on_remove_reply(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        call->asked = !sd_bus_message_is_method_error(reply, NULL);
        units_read(call->units, call->name);
}

static int ask_to_kill(UnitCall *call)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        call->kill = false; /* whoever is left after it is in the kernel */
        r = pid1_method(&call->units->pid1, "KillUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ssi", call->name, "all", SIGKILL);
        return r < 0 ? r : ask(call, message, on_remove_reply);
}

static void on_remove_state(void *userdata, const UnitState *state)
{
        UnitCall *call = userdata;
        bool failed, stopping = strcmp(state->active, "deactivating") == 0;
        int r;

        if (!state->loaded) {
                FAILPOINT("unit-%s.gone", kind(call));
                finish(call, 0, NULL);
                return;
        }
        /* PID 1 answers calls before it runs jobs: whoever asks again and again keeps it from running this
         * one. Its end is told by a signal. */
        if (call->pending || (stopping ? !call->kill : call->asked && state->job_pending))
                return;
        failed = strcmp(state->active, "failed") == 0 && !state->job_pending;
        r = stopping ? ask_to_kill(call)
                     : ask_about_unit(call, failed ? "ResetFailedUnit" : "StopUnit", !failed,
                                      on_remove_reply);
        if (r < 0)
                finish(call, r, strerror(-r));
}

int units_remove(Units *units, const char *name, bool kill, UnitCallDone done, void *userdata,
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
                call->kill = kill;
        if (r >= 0)
                r = unit_watch_new(units, name, on_remove_state, call, &call->watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

/* Adds the unit's name to the list if it is one of ours and loaded. */
static int read_listed_unit(sd_bus_message *reply, char ***names, size_t *n_names)
{
        _cleanup_unit_name_ UnitName parsed = {};
        _cleanup_free_ char *app = NULL;
        const char *name, *load;
        char **grown;
        int r;

        r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, &load, NULL, NULL, NULL, NULL, NULL,
                                NULL, NULL);
        if (r <= 0)
                return r;
        if (strcmp(load, "not-found") == 0 ||
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

static void on_listed(void *userdata, sd_bus_message *reply)
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
                r = ask(call, message, on_listed);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

int units_set_limits(Units *units, const char *name, uint64_t memory_max, uint64_t tasks_max,
                     uint64_t cpu_quota_usec, UnitCallDone done, void *userdata, UnitCall **ret)
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
                r = pid1_method(&units->pid1, "SetUnitProperties", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "sba(sv)", name, /* runtime= */ true, 3, "MemoryMax", "t",
                                          memory_max ? memory_max : UINT64_MAX, "TasksMax", "t",
                                          tasks_max ? tasks_max : UINT64_MAX, "CPUQuotaPerSecUSec", "t",
                                          cpu_quota_usec ? cpu_quota_usec : UINT64_MAX);
        if (r >= 0)
                r = ask(call, message, on_replied);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

/* Our reference is given back, and with it the unit goes. */
static void on_unreferenced(void *userdata, _unused_ sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        finish(call, 0, NULL);
}

static void on_cleaning(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                finish_with_error(call, reply);
                return;
        }
        call->cleaned = true;
        units_read(call->units, call->name);
}

static void on_clean_state(void *userdata, const UnitState *state)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        UnitCall *call = userdata;
        int r;

        if (call->pending || !unit_state_is_over(state))
                return;
        if (call->cleaned || !state->loaded) {
                r = ask_about_unit(call, "UnrefUnit", /* job= */ false, on_unreferenced);
                if (r < 0)
                        finish(call, r, strerror(-r));
                return;
        }
        r = pid1_method(&call->units->pid1, "CleanUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "sas", call->name, 2, "state", "cache");
        if (r >= 0)
                r = ask(call, message, on_cleaning);
        if (r < 0)
                finish(call, r, strerror(-r));
}

static void on_clean_started(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;
        int r;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                finish_with_error(call, reply);
                return;
        }
        r = unit_watch_new(call->units, call->name, on_clean_state, call, &call->watch);
        if (r < 0)
                finish(call, r, strerror(-r));
}

int units_clean(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(spec && spec->hold);
        assert(done);
        assert(ret);

        r = unit_call_new(units, spec->name, done, userdata, &call);
        if (r >= 0)
                r = ask_to_start(call, spec, on_clean_started);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}
