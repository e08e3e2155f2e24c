/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failure-line.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* So much of a line is judged. */
#define JUDGED_BYTES_MAX 300

/* What an error may have behind it. `npm ci` prints more than 60 lines of usage. */
#define WINDOW 100

void failure_line_done(FailureLine *line)
{
        for (size_t i = 0; i < ELEMENTSOF(line->best); i++)
                free(line->best[i].text);
        *line = (FailureLine){ 0 };
}

static bool is_fresh(const FailureLine *line, FailureClass class)
{
        return line->best[class].text && line->n_lines - line->best[class].at < WINDOW;
}

static void failure_line_keep(FailureLine *line, const FailureRule *rule, FailureClass class,
                              const char *text)
{
        if (class != FAILURE_TRAILER)
                line->n_lines++;
        if (rule->first && line->best[class].rule == rule && is_fresh(line, class))
                return;
        free(line->best[class].text);
        line->best[class].text = strndup(text, FAILURE_LINE_BYTES_MAX);
        line->best[class].rule = rule;
        line->best[class].at = line->n_lines;
}

/* What the line says, by its rule and by the lines before. */
static FailureClass failure_line_judge(FailureLine *line, const FailureRule *rule, size_t indent)
{
        const FailureRule *heading = line->heading;

        line->heading = rule->heading ? rule : NULL;
        if (rule->trace) {
                line->tracing = true;
                line->trace_indent = indent;
                return FAILURE_TRAILER;
        }
        if (line->tracing) {
                line->tracing = indent > line->trace_indent;
                return line->tracing ? FAILURE_TRAILER : FAILURE_ERROR;
        }
        if (heading && rule->class != FAILURE_TRAILER)
                return MAX2(heading->class, rule->class);
        return rule->class;
}

void failure_line_add(FailureLine *line, const char *text)
{
        _cleanup_free_ char *plain = NULL, *clean = NULL;
        const FailureRule *rule;

        assert(line);
        assert(text);

        plain = strndup(text, FAILURE_LINE_BYTES_MAX);
        if (!plain)
                return;
        text_strip_escapes(plain);
        clean = text_sanitize(plain, JUDGED_BYTES_MAX);
        if (text_is_empty(clean))
                return;
        rule = failure_rule_find(clean);
        failure_line_keep(line, rule, failure_line_judge(line, rule, strspn(plain, " \t")), text);
}

const char *failure_line_get(const FailureLine *line)
{
        assert(line);

        for (FailureClass class = FAILURE_MAX - 1; class > FAILURE_UNSET; class --)
                if (is_fresh(line, class))
                        return line->best[class].text;
        return NULL;
}
