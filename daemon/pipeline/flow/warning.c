/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/warning.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/model/model.h"
#include "daemon/model/variables.h"

/* Nobody reads more, and all are sent with each change of the deployment. */
#define WARNINGS_MAX 20
#define SENTENCE_MAX 300

static unsigned count_sentences(const char *sentences)
{
        unsigned n = 0;

        for (; *sentences; sentences++)
                n += *sentences == '\n';
        return n;
}

/* A clean sentence without values of variables; NULL when out of memory. Caller frees. */
static char *make_sentence(const Deployment *deployment, const char *text)
{
        _cleanup_free_ char *plain = strdup(text);

        /* Before it is cut: a part of a value could not be recognised. */
        if (!plain || variables_redact(deployment_variables(deployment), plain) < 0)
                return NULL;
        return text_sanitize(plain, SENTENCE_MAX);
}

/* `sentences` is one of the two lists of the deployment. */
static void keep_sentence(Deployment *deployment, char **sentences, const char *sentence)
{
        _cleanup_free_ char *longer = NULL;

        if (count_sentences(*sentences) >= WARNINGS_MAX)
                return;
        longer = text_format("%s%s\n", *sentences, sentence);
        if (longer && text_replace(sentences, longer) >= 0)
                model_changed_deployment(deployment->model, deployment);
}

void warning_add(Deployment *deployment, const char *text)
{
        LogSubject subject = { .app = deployment->app->name, .deployment = deployment->id };
        _cleanup_free_ char *sentence = make_sentence(deployment, text);

        if (!sentence)
                return;
        log_line(LOG_WARNING, NULL, &subject, "%s: %s", deployment->app->name, sentence);
        keep_sentence(deployment, &deployment->warnings, sentence);
}

static int add_one(_unused_ const char *key, const char *value, void *userdata)
{
        Deployment *deployment = userdata;
        _cleanup_free_ char *sentence = make_sentence(deployment, value);

        if (sentence)
                keep_sentence(deployment, &deployment->warnings, sentence);
        return 0;
}

static int add_quoted(_unused_ const char *key, const char *value, void *userdata)
{
        Deployment *deployment = userdata;
        _cleanup_free_ char *sentence = make_sentence(deployment, value);

        if (sentence)
                keep_sentence(deployment, &deployment->warnings_quoted, sentence);
        return 0;
}

void warning_add_answer(Deployment *deployment, const Ticket *answer)
{
        (void) ticket_foreach(answer, "warning.", add_one, deployment);
}

void warning_add_output(Deployment *deployment, const Ticket *answer)
{
        (void) ticket_foreach(answer, "warning.", add_quoted, deployment);
}
