/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/loop.h"

#include <criterion/criterion.h>
#include <time.h>

#include "base/list.h"

/* No test needs more turns to come to rest. */
#define TURNS_MAX 100000

/* Neither clock begins at 0, which means "never" in places. */
#define MONOTONIC_START_USEC (1000 * USEC_PER_SEC)
#define REALTIME_START_USEC  (UINT64_C(1800000000) * USEC_PER_SEC)

/* A timer of the program: a source that never comes to its time by itself. */
typedef struct Timer {
        sd_event_source *source;
        uint64_t due; /* of the test's clock; USEC_INFINITY = it has fired */
        LIST_FIELDS(struct Timer, timers);
} Timer;

struct Later {
        void (*run)(void *userdata);
        void *userdata;
        LIST_FIELDS(Later, laters);
};

sd_event *loop;
static uint64_t passed; /* microseconds since the start */
static LIST_HEAD(Timer, timers);
static LIST_HEAD(Later, laters);
static sd_event_source *later_source;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t usec,
                                      uint64_t accuracy, sd_event_time_handler_t callback, void *userdata);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
sd_event_source *__real_sd_event_source_disable_unref(sd_event_source *source);
sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *source);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        uint64_t now = passed + (clock == CLOCK_REALTIME ? REALTIME_START_USEC : MONOTONIC_START_USEC);

        *ret = (struct timespec){ .tv_sec = (time_t) (now / USEC_PER_SEC),
                                  .tv_nsec = (long) (now % USEC_PER_SEC) * 1000 };
        return 0;
}

static Timer *timer_find(const sd_event_source *source)
{
        Timer *timer;

        LIST_FOREACH (timers, timer, timers)
                if (timer->source == source)
                        return timer;
        return NULL;
}

int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, _unused_ clockid_t clock,
                                      uint64_t usec, _unused_ uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata)
{
        Timer *timer = calloc(1, sizeof(Timer));

        cr_assert(timer && event == loop && ret);
        cr_assert_geq(sd_event_add_time(event, ret, CLOCK_MONOTONIC, USEC_INFINITY, 1, callback, userdata),
                      0);
        timer->source = sd_event_source_ref(*ret);
        timer->due = passed + usec;
        LIST_APPEND(timers, timers, timer);
        return 0;
}

int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
        Timer *timer = timer_find(source);

        cr_assert(timer);
        timer->due = passed + usec;
        return sd_event_source_set_time(source, USEC_INFINITY);
}

static void timer_free(Timer *timer)
{
        LIST_REMOVE(timers, timers, timer);
        __real_sd_event_source_disable_unref(timer->source);
        free(timer);
}

sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *source)
{
        Timer *timer = timer_find(source);

        if (timer)
                timer_free(timer);
        return __real_sd_event_source_disable_unref(source);
}

static bool timer_is_armed(const Timer *timer)
{
        int enabled;

        cr_assert_geq(sd_event_source_get_enabled(timer->source, &enabled), 0);
        return enabled != SD_EVENT_OFF && timer->due != USEC_INFINITY;
}

static Timer *timer_next(void)
{
        Timer *timer, *next = NULL;

        LIST_FOREACH (timers, timer, timers)
                if (timer_is_armed(timer) && (!next || timer->due < next->due))
                        next = timer;
        return next;
}

void loop_run(void)
{
        for (unsigned turns = 0; turns < TURNS_MAX; turns++)
                if (sd_event_run(loop, 0) == 0)
                        return;
        cr_assert_fail("it does not come to rest");
}

void loop_advance(uint64_t usec)
{
        uint64_t until = passed + usec;
        Timer *next;

        for (loop_run(); (next = timer_next()) && next->due <= until; loop_run()) {
                passed = next->due > passed ? next->due : passed;
                next->due = USEC_INFINITY;
                cr_assert_geq(sd_event_source_set_time(next->source, 1), 0);
        }
        passed = until;
}

static int on_later(_unused_ sd_event_source *source, _unused_ void *userdata)
{
        Later *later = laters;

        if (later) {
                void (*run)(void *userdata) = later->run;
                void *what = later->userdata;

                later_free(later);
                run(what);
        }
        return 0;
}

Later *later_new(void (*run)(void *userdata), void *userdata)
{
        Later *later = calloc(1, sizeof(Later));

        cr_assert(later);
        *later = (Later){ .run = run, .userdata = userdata };
        LIST_APPEND(laters, laters, later);
        cr_assert_geq(sd_event_source_set_enabled(later_source, SD_EVENT_ON), 0);
        return later;
}

Later *later_free(Later *later)
{
        if (!later)
                return NULL;
        LIST_REMOVE(laters, laters, later);
        if (!laters)
                cr_assert_geq(sd_event_source_set_enabled(later_source, SD_EVENT_OFF), 0);
        free(later);
        return NULL;
}

void loop_start(void)
{
        passed = 0;
        cr_assert_geq(sd_event_new(&loop), 0);
        cr_assert_geq(sd_event_add_defer(loop, &later_source, on_later, NULL), 0);
        cr_assert_geq(sd_event_source_set_enabled(later_source, SD_EVENT_OFF), 0);
}

void loop_end(void)
{
        while (laters)
                later_free(laters);
        while (timers)
                timer_free(timers);
        later_source = sd_event_source_disable_unref(later_source);
        loop = sd_event_unref(loop);
}
