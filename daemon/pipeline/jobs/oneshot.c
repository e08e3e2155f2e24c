/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/oneshot.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "systemd/last-line.h"

struct Oneshot {
        Pipeline *pipeline;
        OneshotParams params; /* without the spec */
        char *unit;
        UnitCall *call;
        UnitWatch *watch;
        LastLine *last_line;
        OneshotEnd end; /* its invocation is that of the run which is watched */
        char *sentence; /* of the end */
};

Oneshot *oneshot_free(Oneshot *oneshot)
{
        if (!oneshot)
                return NULL;
        unit_call_free(oneshot->call);
        unit_watch_free(oneshot->watch);
        last_line_free(oneshot->last_line);
        if (oneshot->unit && !oneshot->pipeline->ending)
                reap_unit(oneshot->pipeline, oneshot->unit, oneshot->params.owner);
        free(oneshot->unit);
        free(oneshot->sentence);
        free(oneshot);
        return NULL;
}
DEFINE_CLEANUP(Oneshot *, oneshot_free);

static void oneshot_tell(Oneshot *oneshot, OneshotResult result, const char *sentence, char *line)
{
        OneshotEnd end = oneshot->end;
        char none[] = "";

        end.unit = oneshot->unit;
        end.result = result;
        end.sentence = sentence;
        end.last_line = line ? line : none;
        oneshot->params.done(oneshot->params.userdata, &end);
}

static void oneshot_on_last_line(void *userdata, char *line)
{
        Oneshot *oneshot = userdata;

        oneshot->last_line = NULL;
        oneshot_tell(oneshot, oneshot->end.result, text_or_empty(oneshot->sentence), line);
}

/* Takes the sentence. Without the line the end is told, too. */
static void oneshot_fail(Oneshot *oneshot, OneshotResult result, char *sentence)
{
        oneshot->end.result = result;
        oneshot->sentence = sentence;
        if (!oneshot->params.last_line ||
            last_line_new(oneshot->pipeline->params.event, oneshot->unit, oneshot->end.invocation,
                          oneshot_on_last_line, oneshot, &oneshot->last_line) < 0)
                oneshot_on_last_line(oneshot, NULL);
}

static OneshotResult oneshot_result_of(const UnitState *state)
{
        if (!state->loaded)
                return ONESHOT_STOPPED;
        if (strcmp(state->result, "timeout") == 0)
                return ONESHOT_TIMEOUT;
        if (strcmp(state->result, "oom-kill") == 0)
                return ONESHOT_OUT_OF_MEMORY;
        if (state->exec_main_code == CLD_KILLED || state->exec_main_code == CLD_DUMPED)
                return ONESHOT_KILLED;
        return state->exec_main_code == CLD_EXITED ? ONESHOT_EXITED : ONESHOT_STOPPED;
}

/* It has failed. A limit is told with the key to turn. */
static void oneshot_end(Oneshot *oneshot, const UnitState *state)
{
        OneshotResult result = oneshot_result_of(state);
        _cleanup_free_ char *end = unit_state_describe_end(state);
        const char *key = result == ONESHOT_TIMEOUT         ? oneshot->params.time_key
                          : result == ONESHOT_OUT_OF_MEMORY ? oneshot->params.memory_key
                                                            : NULL;

        if (result == ONESHOT_EXITED || result == ONESHOT_KILLED)
                oneshot->end.status = state->exec_main_status;
        oneshot_fail(oneshot, result,
                     key && end ? text_format("%s: %s of [runner] in deploy.conf", end, key)
                                : TAKE_PTR(end));
}

/* Whether PID 1 has another run under the name, whose end is not that of the run which was started. */
static bool oneshot_is_replaced(const Oneshot *oneshot, const UnitState *state)
{
        sd_id128_t own = oneshot->end.invocation, now = state->invocation;

        return !sd_id128_is_null(own) && !sd_id128_is_null(now) && !sd_id128_equal(own, now);
}

static void oneshot_on_state(void *userdata, const UnitState *state)
{
        Oneshot *oneshot = userdata;
        bool replaced = oneshot_is_replaced(oneshot, state);

        if (sd_id128_is_null(oneshot->end.invocation))
                oneshot->end.invocation = state->invocation;
        if (!replaced && !unit_state_is_over(state)) {
                if (oneshot->params.text && state->status_text[0] != '\0')
                        oneshot->params.text(oneshot->params.userdata, state->status_text);
                return;
        }
        oneshot->watch = unit_watch_free(oneshot->watch);
        if (replaced)
                oneshot_fail(oneshot, ONESHOT_STOPPED, strdup("ended and was started again"));
        else if (unit_state_is_success(state))
                oneshot_tell(oneshot, ONESHOT_SUCCESS, NULL, NULL);
        else
                oneshot_end(oneshot, state);
}

static void oneshot_on_started(void *userdata, int error, const char *sentence)
{
        Oneshot *oneshot = userdata;

        oneshot->call = NULL;
        if (error >= 0)
                error = unit_watch_new(oneshot->pipeline->units, oneshot->unit, oneshot_on_state, oneshot,
                                       &oneshot->watch);
        if (error < 0)
                oneshot_tell(oneshot, ONESHOT_NOT_STARTED, sentence ? sentence : strerror(-error), NULL);
}

int oneshot_new(Pipeline *pipeline, const OneshotParams *params, Oneshot **ret)
{
        _cleanup_(oneshot_freep) Oneshot *oneshot = calloc(1, sizeof(Oneshot));
        int r;

        assert(pipeline);
        assert(params && params->spec && params->done);
        assert(ret);

        if (!oneshot)
                return -ENOMEM;
        *oneshot = (Oneshot){ .pipeline = pipeline, .params = *params, .unit = strdup(params->spec->name) };
        oneshot->params.spec = NULL;
        if (!oneshot->unit)
                return -ENOMEM;
        r = units_start(pipeline->units, params->spec, oneshot_on_started, oneshot, &oneshot->call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(oneshot);
        return 0;
}
