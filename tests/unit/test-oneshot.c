/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pipeline/jobs/oneshot.h"
#include "systemd/last-line.h"
#include "systemd/units.h"

/* A oneshot unit from its start to its end, with a systemd that says what a test wants. */

#define UNIT "deployd-build-shop-42.service"

/* What systemd was asked for, and how it answers. */
static UnitCallDone started, removed;
static UnitChanged changed;
static LastLineDone line_read;
static void *started_userdata, *removed_userdata, *changed_userdata, *line_userdata;
static int start_result, watch_result, line_result;
static unsigned n_removed, n_gone;

static char handles[4]; /* stand for a call, a watch and a reading */

int units_start(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        cr_assert_null(units);
        cr_expect_str_eq(spec->name, UNIT);
        started = done;
        started_userdata = userdata;
        *ret = (UnitCall *) &handles[0];
        return start_result;
}

int units_remove(Units *units, const char *name, bool kill, UnitCallDone done, void *userdata,
                 UnitCall **ret)
{
        cr_assert_null(units);
        cr_expect_str_eq(name, UNIT);
        n_removed++;
        cr_expect_not(kill);
        removed = done;
        removed_userdata = userdata;
        *ret = (UnitCall *) &handles[1];
        return 0;
}

UnitCall *unit_call_free(UnitCall *call)
{
        if (call == (UnitCall *) &handles[0])
                started = NULL;
        return NULL;
}

int unit_watch_new(Units *units, const char *name, UnitChanged told, void *userdata, UnitWatch **ret)
{
        cr_assert_null(units);
        cr_expect_str_eq(name, UNIT);
        changed = watch_result < 0 ? NULL : told;
        changed_userdata = userdata;
        *ret = (UnitWatch *) &handles[2];
        return watch_result;
}

UnitWatch *unit_watch_free(UnitWatch *watch)
{
        if (watch)
                changed = NULL;
        return NULL;
}

int last_line_new(sd_event *event, const char *unit, sd_id128_t invocation, LastLineDone done,
                  void *userdata, LastLine **ret)
{
        cr_assert_null(event);
        cr_expect_str_eq(unit, UNIT);
        cr_expect_not(sd_id128_is_null(invocation));
        line_read = done;
        line_userdata = userdata;
        *ret = (LastLine *) &handles[3];
        return line_result;
}

LastLine *last_line_free(LastLine *line)
{
        if (line)
                line_read = NULL;
        return NULL;
}

static void on_gone(Pipeline *pipeline, const char *unit, uint64_t deployment, uint64_t repository)
{
        cr_assert_not_null(pipeline);
        cr_expect_str_eq(unit, UNIT);
        cr_expect_eq(deployment, 42);
        cr_expect_eq(repository, 7);
        n_gone++;
}

static const PipelineEvents events = { .unit_gone = on_gone };

/* engine_local would bring the functions that this file replaces. */
static const Engine engine = { .remove = units_remove, .call_free = unit_call_free };

typedef struct Waiter {
        Pipeline pipeline;
        Oneshot *oneshot;
        OneshotEnd end;
        char sentence[200], line[100], text[100];
        unsigned n_ends;
        bool frees; /* the oneshot, when it is told the end */
} Waiter;

static void on_end(void *userdata, const OneshotEnd *end)
{
        Waiter *waiter = userdata;

        cr_expect_str_eq(end->unit, UNIT);
        waiter->n_ends++;
        waiter->end = *end;
        (void) snprintf(waiter->sentence, sizeof(waiter->sentence), "%s",
                        end->sentence ? end->sentence : "(none)");
        cr_assert_lt(strlen(end->last_line), sizeof(waiter->line));
        strcpy(waiter->line, end->last_line);
        if (waiter->frees)
                waiter->oneshot = oneshot_free(waiter->oneshot);
}

static void on_text(void *userdata, const char *text)
{
        Waiter *waiter = userdata;

        cr_assert_lt(strlen(text), sizeof(waiter->text));
        strcpy(waiter->text, text);
}

static Waiter waiter;

static int begin(bool last_line)
{
        UnitSpec spec = UNIT_SPEC_INIT;

        spec.name = UNIT;
        waiter.pipeline = (Pipeline){ .events = &events, .engine = &engine };
        return oneshot_new(&waiter.pipeline,
                           &(OneshotParams){ .spec = &spec,
                                             .owner = { .deployment = 42, .repository = 7 },
                                             .last_line = last_line,
                                             .time_key = "build-timeout",
                                             .memory_key = "build-memory-max",
                                             .done = on_end,
                                             .text = on_text,
                                             .userdata = &waiter },
                           &waiter.oneshot);
}

/* It was started, and its unit is watched. */
static void begin_and_start(bool last_line)
{
        cr_assert_eq(begin(last_line), 0);
        started(started_userdata, 0, NULL);
        cr_assert_not_null(changed);
}

#define RUN   SD_ID128_MAKE(0b, ad, ca, fe, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 01)
#define OTHER SD_ID128_MAKE(0b, ad, ca, fe, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 02)

static const UnitState running = { .loaded = true,
                                   .own = true,
                                   .active = "activating",
                                   .sub = "start",
                                   .result = "success",
                                   .status_text = "",
                                   .invocation = RUN },
                       succeeded = { .loaded = true,
                                     .own = true,
                                     .active = "active",
                                     .sub = "exited",
                                     .result = "success",
                                     .status_text = "",
                                     .exec_main_code = CLD_EXITED,
                                     .invocation = RUN };

static UnitState failed(const char *result, int code, int status)
{
        UnitState state = running;

        state.active = state.sub = "failed";
        state.result = result;
        state.exec_main_code = code;
        state.exec_main_status = status;
        return state;
}

static void tell(const UnitState *state)
{
        cr_assert_not_null(changed, "nobody listens any more");
        changed(changed_userdata, state);
}

static void expect_end(OneshotResult result, int status, const char *sentence)
{
        cr_assert_eq(waiter.n_ends, 1);
        cr_expect_eq(waiter.end.result, result, "%d", (int) waiter.end.result);
        cr_expect_eq(waiter.end.status, status, "%d", waiter.end.status);
        cr_expect_str_eq(waiter.sentence, sentence);
        cr_expect_null(changed, "the unit is watched still");
}

Test(oneshot, an_end_with_status_0_is_a_success)
{
        begin_and_start(true);
        tell(&running);
        cr_assert_eq(waiter.n_ends, 0);
        tell(&succeeded);
        expect_end(ONESHOT_SUCCESS, 0, "(none)");
        cr_expect(sd_id128_equal(waiter.end.invocation, RUN));
        cr_expect_eq(n_removed, 0, "it is removed when it is freed");
}

Test(oneshot, each_way_to_fail_is_told_apart_and_in_words)
{
        const struct {
                UnitState state;
                OneshotResult result;
                int status;
                const char *sentence;
        } cases[] = {
                { failed("exit-code", CLD_EXITED, 3), ONESHOT_EXITED, 3, "exited with status 3" },
                { failed("signal", CLD_KILLED, SIGKILL), ONESHOT_KILLED, SIGKILL,
                  "was killed by signal SIGKILL" },
                { failed("core-dump", CLD_DUMPED, SIGSEGV), ONESHOT_KILLED, SIGSEGV,
                  "was killed by signal SIGSEGV" },
                { failed("timeout", CLD_KILLED, SIGTERM), ONESHOT_TIMEOUT, 0,
                  "ran out of time: build-timeout of [runner] in deploy.conf" },
                { failed("oom-kill", CLD_KILLED, SIGKILL), ONESHOT_OUT_OF_MEMORY, 0,
                  "ran out of memory: build-memory-max of [runner] in deploy.conf" },
                { failed("resources", 0, 0), ONESHOT_STOPPED, 0,
                  "could not be started by systemd (resources)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                waiter.pipeline.ending = true; /* nothing is reaped */
                waiter = (Waiter){ .oneshot = oneshot_free(waiter.oneshot) };
                begin_and_start(false);
                tell(&running);
                tell(&cases[i].state);
                expect_end(cases[i].result, cases[i].status, cases[i].sentence);
                cr_expect_str_eq(waiter.line, "");
        }
}

Test(oneshot, a_unit_that_somebody_has_stopped_has_no_status)
{
        UnitState gone = running;

        gone.loaded = false;
        gone.active = "inactive";
        gone.invocation = SD_ID128_NULL;
        begin_and_start(false);
        tell(&running);
        tell(&gone);
        expect_end(ONESHOT_STOPPED, 0, "was stopped");
        cr_expect(sd_id128_equal(waiter.end.invocation, RUN), "it was in that run");
}

Test(oneshot, another_run_under_the_name_is_not_this_one)
{
        UnitState other = succeeded;

        other.invocation = OTHER;
        begin_and_start(false);
        tell(&running);
        tell(&other);
        expect_end(ONESHOT_STOPPED, 0, "ended and was started again");
        cr_expect(sd_id128_equal(waiter.end.invocation, RUN));
}

Test(oneshot, a_refusal_of_systemd_is_told_in_its_words)
{
        cr_assert_eq(begin(true), 0);
        started(started_userdata, -EIO, "no");
        expect_end(ONESHOT_NOT_STARTED, 0, "no");
        cr_expect(sd_id128_is_null(waiter.end.invocation));
}

Test(oneshot, a_unit_that_cannot_be_watched_is_not_started)
{
        watch_result = -EEXIST;
        cr_assert_eq(begin(true), 0);
        started(started_userdata, 0, NULL);
        expect_end(ONESHOT_NOT_STARTED, 0, strerror(EEXIST));
}

Test(oneshot, what_the_unit_says_of_itself_is_passed_on_until_it_ends)
{
        UnitState says = running, last = succeeded;

        begin_and_start(false);
        tell(&running);
        cr_expect_str_eq(waiter.text, "");
        says.status_text = "compiling";
        tell(&says);
        cr_expect_str_eq(waiter.text, "compiling");
        last.status_text = "done";
        tell(&last);
        cr_expect_str_eq(waiter.text, "compiling");
}

Test(oneshot, the_last_line_is_waited_for_when_it_has_failed)
{
        UnitState state = failed("exit-code", CLD_EXITED, 1);
        char line[] = "no apples left";

        begin_and_start(true);
        tell(&running);
        tell(&state);
        cr_assert_eq(waiter.n_ends, 0, "its last line is not known yet");
        cr_assert_not_null(line_read);
        line_read(line_userdata, line);
        expect_end(ONESHOT_EXITED, 1, "exited with status 1");
        cr_expect_str_eq(waiter.line, "no apples left");
}

Test(oneshot, without_the_last_line_the_end_is_told_too)
{
        UnitState state = failed("exit-code", CLD_EXITED, 1);

        line_result = -ENOMEM;
        begin_and_start(true);
        tell(&running);
        tell(&state);
        expect_end(ONESHOT_EXITED, 1, "exited with status 1");
        cr_expect_str_eq(waiter.line, "");
}

static void expect_removed(void)
{
        cr_assert_eq(n_removed, 1);
        removed(removed_userdata, 0, NULL);
        cr_expect_eq(n_gone, 1);
}

Test(oneshot, it_can_be_freed_in_its_callback_and_its_unit_is_removed)
{
        waiter.frees = true;
        begin_and_start(false);
        tell(&succeeded);
        expect_end(ONESHOT_SUCCESS, 0, "(none)");
        expect_removed();
}

Test(oneshot, it_is_cancelled_while_it_is_being_started)
{
        cr_assert_eq(begin(false), 0);
        waiter.oneshot = oneshot_free(waiter.oneshot);
        cr_expect_null(started, "nobody waits for the answer");
        expect_removed();
}

Test(oneshot, it_is_cancelled_while_it_runs)
{
        begin_and_start(false);
        tell(&running);
        waiter.oneshot = oneshot_free(waiter.oneshot);
        cr_expect_null(changed);
        expect_removed();
}

Test(oneshot, it_is_cancelled_while_its_last_line_is_read)
{
        UnitState state = failed("exit-code", CLD_EXITED, 1);

        begin_and_start(true);
        tell(&running);
        tell(&state);
        waiter.oneshot = oneshot_free(waiter.oneshot);
        cr_expect_null(line_read);
        expect_removed();
}

Test(oneshot, the_unit_goes_on_when_the_daemon_ends)
{
        begin_and_start(false);
        tell(&running);
        waiter.pipeline.ending = true;
        waiter.oneshot = oneshot_free(waiter.oneshot);
        cr_expect_eq(n_removed, 0);
}

Test(oneshot, one_that_cannot_be_asked_for_leaves_no_unit_of_an_earlier_run)
{
        start_result = -EINVAL;
        cr_expect_eq(begin(false), -EINVAL);
        cr_expect_null(waiter.oneshot);
        expect_removed();
        cr_expect_eq(waiter.n_ends, 0);
}
