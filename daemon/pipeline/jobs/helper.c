/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/helper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"

struct Helper {
        Pipeline *pipeline;
        char *what, *unit;
        int ticket_fd;
        ReapOwner owner;
        UnitCall *call;
        UnitWatch *watch;
        const char *time_key, *memory_key;
        HelperDone done;
        HelperText text;
        void *userdata;
};

Helper *helper_free(Helper *helper)
{
        if (!helper)
                return NULL;
        unit_call_free(helper->call);
        unit_watch_free(helper->watch);
        closep(&helper->ticket_fd);
        if (helper->unit && !helper->pipeline->ending)
                reap_unit(helper->pipeline, helper->unit, helper->owner);
        free(helper->what);
        free(helper->unit);
        free(helper);
        return NULL;
}
DEFINE_CLEANUP(Helper *, helper_free);

static void fail(Helper *helper, const char *sentence)
{
        _cleanup_free_ char *failure = text_format("%s: %s", helper->what, sentence);

        helper->done(helper->userdata, NULL, failure ? failure : sentence);
}

/* With the key to turn, where it was a limit. */
static char *describe_end(const Helper *helper, const UnitState *state)
{
        _cleanup_free_ char *end = unit_state_describe_end(state);
        const char *key = strcmp(state->result, "timeout") == 0    ? helper->time_key
                          : strcmp(state->result, "oom-kill") == 0 ? helper->memory_key
                                                                   : NULL;

        return key && end ? text_format("%s: %s of [runner] in deploy.conf", end, key) : TAKE_PTR(end);
}

static void on_state(void *userdata, const UnitState *state)
{
        _cleanup_(ticket_freep) Ticket *answer = NULL;
        _cleanup_free_ char *end = NULL;
        Helper *helper = userdata;
        const char *error;
        int r;

        if (!unit_state_is_over(state)) {
                if (helper->text && state->status_text[0] != '\0')
                        helper->text(helper->userdata, state->status_text);
                return;
        }
        helper->watch = unit_watch_free(helper->watch);

        /* Its own sentence, if it came so far as to say one; else how it ended. */
        r = ticket_read(helper->ticket_fd, TICKET_ANSWER, &answer);
        error = r >= 0 ? ticket_get(answer, "error") : NULL;
        if (error) {
                fail(helper, error);
                return;
        }
        if (!unit_state_is_success(state)) {
                end = describe_end(helper, state);
                fail(helper, text_or_empty(end));
                return;
        }
        if (r < 0)
                fail(helper, r == -ENODATA ? "it ended without an answer" : "its answer is malformed");
        else
                helper->done(helper->userdata, answer, NULL);
}

static void on_started(void *userdata, int error, const char *sentence)
{
        Helper *helper = userdata;
        int r;

        helper->call = NULL;
        if (error < 0) {
                fail(helper, sentence);
                return;
        }
        r = unit_watch_new(helper->pipeline->units, helper->unit, on_state, helper, &helper->watch);
        if (r < 0)
                fail(helper, strerror(-r));
}

int helper_new(Pipeline *pipeline, const HelperParams *params, Helper **ret)
{
        _cleanup_(helper_freep) Helper *helper = NULL;
        UnitSpec *spec;
        int r;

        assert(pipeline);
        assert(params && params->done);
        assert(ret);

        helper = calloc(1, sizeof(Helper));
        if (!helper)
                return -ENOMEM;
        *helper = (Helper){
                .pipeline = pipeline,
                .ticket_fd = -1,
                .owner = params->owner,
                .time_key = params->time_key,
                .memory_key = params->memory_key,
                .done = params->done,
                .text = params->text,
                .userdata = params->userdata,
        };
        spec = params->spec;
        helper->what = strdup(params->what);
        /* Nothing of it stays behind when the daemon dies: the step is done again then. */
        helper->ticket_fd = memfd_create("ticket", MFD_CLOEXEC);
        if (!helper->what)
                return -ENOMEM;
        if (helper->ticket_fd < 0)
                return -errno;
        r = ticket_write(params->request, helper->ticket_fd);
        if (r < 0)
                return r;
        *(params->ticket_is_stdout ? &spec->stdout_fd : &spec->stdin_fd) = helper->ticket_fd;
        r = units_start(pipeline->units, spec, on_started, helper, &helper->call);
        if (r < 0)
                return r;
        helper->unit = strdup(spec->name);
        if (!helper->unit)
                return -ENOMEM;
        *ret = TAKE_PTR(helper);
        return 0;
}
