/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/format.h"
#include "cli/terminal.h"

/* ECMA-48. */
#define ERASE_LINE "\r\033[K"
#define GREEN      "\033[32m"
#define RED        "\033[31m"
#define PLAIN      "\033[0m"

enum {
        STEP_WIDTH = 10, /* the longest status is "superseded" */
};

void steps_clear(Steps *steps)
{
        free(steps->running);
        free(steps->text);
        *steps = (Steps){ 0 };
}

static void line_print(const char *step, uint64_t took, bool well)
{
        _cleanup_free_ char *time = format_elapsed(took), *name = text_escape(step, strlen(step));
        bool colours = terminal_has_colours(), unicode = terminal_has_unicode();

        printf("%s%s%s %-*s %8s\n", colours ? (well ? GREEN : RED) : "",
               unicode ? (well ? "✓" : "✗") : (well ? "+" : "x"), colours ? PLAIN : "", STEP_WIDTH,
               text_or_empty(name), text_or_empty(time));
        (void) fflush(stdout);
}

void steps_hide(Steps *steps)
{
        if (steps->drawn)
                printf(ERASE_LINE);
        steps->drawn = false;
        (void) fflush(stdout);
}

void steps_draw(Steps *steps)
{
        _cleanup_free_ char *time = NULL, *line = NULL, *escaped = NULL, *shown = NULL;
        char percent[sizeof(" 100%")] = "";

        if (!steps->running || !terminal_is_live())
                return;
        if (steps->progress >= 0 && steps->progress <= 1)
                (void) snprintf(percent, sizeof(percent), " %3.0f%%", steps->progress * 100);
        time = format_elapsed(clock_usec(CLOCK_MONOTONIC) - steps->since);
        line = text_format("  %-*s %8s%s  %s", STEP_WIDTH, steps->running, text_or_empty(time), percent,
                           text_or_empty(steps->text));
        escaped = line ? text_escape(line, strlen(line)) : NULL;
        /* A line as wide as the terminal would wrap, and could not be written over. */
        shown = escaped ? text_cut(escaped, terminal_width() - 1) : NULL;
        if (!shown)
                return;
        printf(ERASE_LINE "%s", shown);
        steps->drawn = true;
        (void) fflush(stdout);
}

int steps_enter(Steps *steps, const char *step)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);
        char *copy;

        if (steps->running && strcmp(steps->running, step) == 0)
                return 0;
        copy = strdup(step);
        if (!copy)
                return -ENOMEM;
        if (steps->running) {
                steps_hide(steps);
                line_print(steps->running, now - steps->since, true);
        } else
                steps->started = now;
        free(steps->running);
        steps->running = copy;
        steps->since = now;
        steps->progress = -1;
        return text_replace(&steps->text, "");
}

int steps_update(Steps *steps, const char *text, double progress)
{
        steps->progress = progress;
        return text_replace(&steps->text, text);
}

void steps_end(Steps *steps, bool went_well, const char *end)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        steps_hide(steps);
        if (steps->running)
                line_print(steps->running, now - steps->since, went_well);
        line_print(end, steps->running ? now - steps->started : 0, went_well);
        free(steps->running);
        steps->running = NULL;
}
