/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "builder/lines.h"

#define HEADING   "-----> "
#define COMPLAINT " !"
#define WARNING   "warning:"
#define BLANKS    " \t"

/* Faster than people read would only load PID 1 and the bus. */
#define INTERVAL (500 * USEC_PER_MSEC)

/* Of a sentence. The daemon cuts it to what is shown, behind the values of variables that it hides. */
#define REASON_BYTES_MAX 2048

/* What is indented further is not read as text. */
#define INDENT_MAX 80

void output_init(Output *output, uint64_t log_max)
{
        assert(output);

        *output = (Output){ .room = log_max / 2, .tail.max = log_max - log_max / 2 };
}

static int output_log_tail(const char *line, size_t size, _unused_ void *userdata)
{
        log_info("%.*s", (int) (size - strlen("\n")), line);
        return 0;
}

void output_done(Output *output)
{
        _cleanup_free_ char *gap = NULL;

        if (output->tail.n_lost > 0) {
                gap = tail_describe_gap(&output->tail, REASON_LOG_MAX);
                log_info("%s", text_or_empty(gap));
        }
        (void) tail_flush(&output->tail, output_log_tail, NULL);
        free(output->complaint);
        failure_line_done(&output->failure);
        free(output->reason);
        free(output->heading);
        for (size_t i = 0; i < output->n_warnings; i++)
                free(output->warnings[i]);
        *output = (Output){ 0 };
}

static void output_forget(Output *output)
{
        free(output->complaint);
        output->complaint = NULL;
        output->has_gone_on = false;
}

void output_restart(Output *output)
{
        output_forget(output);
        failure_line_done(&output->failure);
}

/* Puts a clean copy into *target; without memory the old one goes, for it would be wrong. */
static void output_keep(char **target, const char *text)
{
        _cleanup_free_ char *plain = strdup(text);

        free(*target);
        if (plain)
                text_strip_escapes(plain);
        *target = plain ? text_sanitize(plain, REASON_BYTES_MAX) : NULL;
}

static bool starts_with(const char *text, const char *start)
{
        return strncmp(text, start, strlen(start)) == 0;
}

static void output_warn(Output *output, const char *warning)
{
        if (output->n_warnings == OUTPUT_WARNINGS_MAX)
                return;
        output_keep(&output->warnings[output->n_warnings], warning + strspn(warning, BLANKS));
        if (output->warnings[output->n_warnings])
                output->n_warnings++;
}

static void output_judge(Output *output, const char *line)
{
        const char *complaint;

        if (starts_with(line, HEADING)) {
                output_keep(&output->heading, line + strlen(HEADING));
                failure_line_done(&output->failure);
                output->has_gone_on = true;
                return failure_line_add(&output->failure, line);
        }
        if (!starts_with(line, COMPLAINT " ")) {
                if (output->has_gone_on)
                        output_forget(output);
                return failure_line_add(&output->failure, line);
        }
        complaint = line + strlen(COMPLAINT);
        complaint += strspn(complaint, BLANKS);
        if (strncasecmp(complaint, WARNING, strlen(WARNING)) == 0) {
                failure_line_add(&output->failure, complaint);
                output_warn(output, complaint + strlen(WARNING));
        } else if (*complaint) {
                output_keep(&output->complaint, complaint);
                output->has_gone_on = false;
        }
}

static void output_log(Output *output, const char *line)
{
        size_t size = strlen(line);

        if (size + LOG_LINE_COST <= output->room) {
                output->room -= size + LOG_LINE_COST;
                log_info("%s", line);
                return;
        }
        output->room = 0;
        tail_add(&output->tail, line, size);
}

void output_line(const char *line, void *userdata)
{
        size_t indent = strspn(line, BLANKS);
        _cleanup_free_ char *clean = text_sanitize(line, LINE_BYTES_MAX), *text = NULL;
        Output *output = userdata;

        assert(output);

        if (!clean || clean[0] == '\0')
                return;
        text = text_format("%*s%s", (int) MIN2(indent, INDENT_MAX), "", clean);
        if (text)
                output_log(output, text);

        output_judge(output, line);
        (void) output_tell(output, clock_usec(CLOCK_MONOTONIC));
}

void output_say(Output *output, const char *format, ...)
{
        _cleanup_free_ char *line = NULL;
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vasprintf(&line, format, arguments);
        va_end(arguments);
        if (n < 0)
                line = NULL;
        else
                output_line(line, output);
}

const char *output_reason(Output *output)
{
        const char *line;

        assert(output);

        if (output->complaint)
                return output->complaint;
        line = failure_line_get(&output->failure);
        if (!line)
                return NULL;
        output_keep(&output->reason, line);
        return output->reason;
}

uint64_t output_tell(Output *output, uint64_t now)
{
        assert(output);

        if (!output->heading)
                return USEC_INFINITY;
        if (output->told != 0 && now < output->told + INTERVAL)
                return output->told + INTERVAL;
        (void) sd_notifyf(/* unset_environment= */ 0, "STATUS=%s", output->heading);
        output->told = now;
        free(output->heading);
        output->heading = NULL;
        return USEC_INFINITY;
}
