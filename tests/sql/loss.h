/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Verbs of the store whose answer is lost after the server has committed: they are sent twice. */

#include "store-fixture.h"

/* How many answers were to be lost: proxy.swallowed says how many were. */
extern unsigned n_expected;

/* The next answer is lost. */
void lose(void);

/* A cell that is a number. */
uint64_t number_of(const char *sql);

/* It was sent twice, has one event more than the `n_events` before, and says the time of the first run. */
void expect_once(const Reply *reply, uint64_t n_events);

/* As say(), with an answer that is lost. */
#define once(...)                                                                 \
        ({                                                                        \
                uint64_t _events = number_of("select count(*)::text from event"); \
                Reply _once;                                                      \
                lose();                                                           \
                _once = say(__VA_ARGS__);                                         \
                expect_once(&_once, _events);                                     \
                _once;                                                            \
        })
