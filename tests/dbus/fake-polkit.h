/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands in for polkit on the bus of the fixture: keeps what it is asked, and answers when it is told to. */

#include "tests/dbus/fixture.h"

#define POLKIT "org.freedesktop.PolicyKit1"

typedef enum PolkitAnswer {
        POLKIT_NO,        /* 0 0 */
        POLKIT_YES,       /* 1 0 */
        POLKIT_CHALLENGE, /* 0 1 */
        POLKIT_LATER,     /* fake_polkit_answer() does it */
} PolkitAnswer;

#define POLKIT_ASKED_MAX 64

typedef struct FakePolkit {
        sd_bus *bus;
        PolkitAnswer answer; /* to each question from now on */
        /* A line for each question and each that was taken back: `ACTION KEY=NAME… [interactive]`, `cancel`.
         */
        char *asked;
        unsigned n_asked, n_cancelled;
        sd_bus_message *open[POLKIT_ASKED_MAX]; /* of POLKIT_LATER, in the order in which they came */
        size_t n_open;
} FakePolkit;

void fake_polkit_start(FakePolkit *polkit, PolkitAnswer answer);
/* It leaves the bus, whatever is open. */
void fake_polkit_stop(FakePolkit *polkit);
/* Answers the question of that index in `open`, also once more. */
void fake_polkit_answer(FakePolkit *polkit, size_t index, PolkitAnswer answer);
/* Runs the loop until so many questions have come in all. */
void fake_polkit_await(FakePolkit *polkit, unsigned n);
