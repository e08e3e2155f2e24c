/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The answers to calls that are under way at the same time, as words in the order they come: ok, limit
 * (LimitsExceeded), or the name of another error. */

#include <string.h>

#include "tests/dbus/fixture.h"

#define LIMITS_EXCEEDED "org.freedesktop.DBus.Error.LimitsExceeded"

/* For sd_bus_call_method_async(), with a story. */
static inline int note_answer(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        char **story = userdata;

        (void) reterr;
        fixture_append(story, "%s ",
                       sd_bus_message_is_method_error(answer, LIMITS_EXCEEDED) ? "limit"
                       : sd_bus_message_is_method_error(answer, NULL)
                               ? sd_bus_message_get_error(answer)->name
                               : "ok");
        return 0;
}

/* How often a word is in a story; " " for all of them. */
static inline unsigned count(const char *story, const char *word)
{
        unsigned n = 0;

        for (const char *at = story ? strstr(story, word) : NULL; at; at = strstr(at + 1, word))
                n++;
        return n;
}

/* Until so many answers have come. */
static inline void run_until(char **story, unsigned n)
{
        while (count(*story, " ") < n)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
}
