/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/helper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/quote.h"
#include "base/text.h"

struct Helper {
        char *what;
        int ticket_fd;
        Oneshot *oneshot;
        HelperDone done;
        OneshotText text;
        void *userdata;
};

Helper *helper_free(Helper *helper)
{
        if (!helper)
                return NULL;
        oneshot_free(helper->oneshot);
        closep(&helper->ticket_fd);
        free(helper->what);
        free(helper);
        return NULL;
}
DEFINE_CLEANUP(Helper *, helper_free);

/* `quote`: what a program of strangers has printed, NULL = nothing. */
static void helper_fail_quoting(const Helper *helper, const char *sentence, const char *quote)
{
        _cleanup_free_ char *failure = text_format("%s: %s%s%s", helper->what, sentence,
                                                   quote ? QUOTE_MARK : "", text_or_empty(quote));

        helper->done(helper->userdata, NULL, failure ? failure : sentence);
}

static void helper_fail(const Helper *helper, const char *sentence)
{
        helper_fail_quoting(helper, sentence, NULL);
}

static void helper_on_end(void *userdata, const OneshotEnd *end)
{
        _cleanup_(ticket_freep) Ticket *answer = NULL;
        Helper *helper = userdata;
        const char *error;
        int r;

        if (end->result == ONESHOT_NOT_STARTED)
                return helper_fail(helper, end->sentence);
        /* A helper that was stopped because its time was over can say only that it was stopped. */
        if (end->result == ONESHOT_TIMEOUT)
                return helper_fail(helper, end->sentence);
        /* Its own sentence, if it came so far as to say one; else how it ended. */
        r = ticket_read(helper->ticket_fd, TICKET_ANSWER, &answer);
        error = r >= 0 ? ticket_get(answer, "error") : NULL;
        if (error)
                helper_fail_quoting(helper, error, ticket_get(answer, "quote"));
        else if (end->sentence)
                helper_fail(helper, end->sentence);
        else if (r < 0)
                helper_fail(helper,
                            r == -ENODATA ? "it ended without an answer" : "its answer is malformed");
        else
                helper->done(helper->userdata, answer, NULL);
}

static void helper_on_text(void *userdata, const char *text)
{
        const Helper *helper = userdata;

        helper->text(helper->userdata, text);
}

int helper_new(Pipeline *pipeline, const HelperParams *params, Helper **ret)
{
        _cleanup_(helper_freep) Helper *helper = calloc(1, sizeof(Helper));
        int r;

        assert(pipeline);
        assert(params && params->done);
        assert(ret);

        if (!helper)
                return -ENOMEM;
        *helper = (Helper){
                .what = strdup(params->what),
                /* Nothing of it stays behind when the daemon dies: the step is done again then. */
                .ticket_fd = memfd_create("ticket", MFD_CLOEXEC),
                .done = params->done,
                .text = params->text,
                .userdata = params->userdata,
        };
        if (!helper->what)
                return -ENOMEM;
        if (helper->ticket_fd < 0)
                return -errno;
        r = ticket_write(params->request, helper->ticket_fd);
        if (r < 0)
                return r;
        *(params->ticket_is_stdout ? &params->spec->stdout_fd : &params->spec->stdin_fd) = helper->ticket_fd;
        r = oneshot_new(pipeline,
                        &(OneshotParams){ .spec = params->spec,
                                          .owner = params->owner,
                                          .time_key = params->time_key,
                                          .memory_key = params->memory_key,
                                          .done = helper_on_end,
                                          .text = params->text ? helper_on_text : NULL,
                                          .userdata = helper },
                        &helper->oneshot);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(helper);
        return 0;
}
