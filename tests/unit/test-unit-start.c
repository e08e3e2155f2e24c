/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-unit-spec.h"

#include "systemd/units-internal.h"

/* What it means that PID 1 has a unit of the name already, with a PID 1 that says what a test wants. */
TestSuite(unit_start, .init = make_bus, .fini = remove_bus);

static Units units;
static char pending[1], watch[1]; /* stand for a call and a watch */

/* What was asked for last, and who waits for the answer. */
static char asked[32];
static unsigned n_asked;
static Pid1Done answered;
static UnitChanged changed;
static void *answered_userdata, *changed_userdata;

int pid1_method(Pid1 *pid1, const char *method, sd_bus_message **ret)
{
        cr_assert_eq(pid1, &units.pid1);
        return sd_bus_message_new_method_call(bus, ret, PID1_NAME, PID1_PATH, PID1_MANAGER, method);
}

int pid1_call(_unused_ Pid1 *pid1, sd_bus_message *message, Pid1Done done, void *userdata, Pid1Call **ret)
{
        cr_assert_lt(strlen(sd_bus_message_get_member(message)), sizeof(asked));
        strcpy(asked, sd_bus_message_get_member(message));
        n_asked++;
        answered = done;
        answered_userdata = userdata;
        *ret = (Pid1Call *) pending;
        return 0;
}

Pid1Call *pid1_call_free(_unused_ Pid1Call *call)
{
        return NULL;
}

void units_read(_unused_ Units *from, _unused_ const char *name)
{
}

int unit_watch_new(_unused_ Units *from, _unused_ const char *name, UnitChanged told, void *userdata,
                   UnitWatch **ret)
{
        changed = told;
        changed_userdata = userdata;
        *ret = (UnitWatch *) watch;
        return 0;
}

UnitWatch *unit_watch_free(UnitWatch *freed)
{
        if (freed)
                changed = NULL;
        return NULL;
}

static int result = 1; /* of the start; 1 = it is not there yet */
static char sentence[300];

static void on_done(_unused_ void *userdata, int error, const char *told)
{
        cr_assert_eq(result, 1, "it is told once");
        result = error;
        cr_assert_lt(strlen(told ? told : ""), sizeof(sentence));
        strcpy(sentence, told ? told : "");
}

static void start(const char *title)
{
        UnitCall *call;

        result = 1;
        must(units_start(&units, &example(title)->spec, on_done, NULL, &call));
        cr_assert_str_eq(asked, "StartTransientUnit");
}

static void answer(const char *error, bool repeated)
{
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        Pid1Done done = answered;

        must(sd_bus_message_new_method_call(bus, &call, PID1_NAME, PID1_PATH, PID1_MANAGER, asked));
        must(sd_bus_message_seal(call, 1, 0));
        must(error ? sd_bus_message_new_method_errorf(call, &reply, error, "no")
                   : sd_bus_message_new_method_return(call, &reply));
        answered = NULL;
        units.pid1.repeated = repeated;
        done(answered_userdata, reply);
}

#define EXISTS "org.freedesktop.systemd1.UnitExists"

static const UnitState runs = { .loaded = true,
                                .own = true,
                                .active = "activating",
                                .sub = "start",
                                .result = "success",
                                .fragment = "/run/systemd/transient/x.service" },
                       ended = { .loaded = true,
                                 .own = true,
                                 .active = "active",
                                 .sub = "exited",
                                 .result = "success",
                                 .fragment = "/run/systemd/transient/x.service" },
                       kept = { .loaded = true,
                                .own = true,
                                .active = "inactive",
                                .sub = "dead",
                                .result = "success",
                                .fragment = "/run/systemd/transient/x.service" };

/* PID 1 has a unit of the name, in that state. */
static void start_existing(const char *title, const UnitState *state, bool repeated)
{
        start(title);
        answer(EXISTS, repeated);
        cr_assert_eq(result, 1, "the unit is read first");
        cr_assert_not_null(changed);
        changed(changed_userdata, state);
}

static const char *const command[] = { "fetch", "resolve", "import", "build", "remove" };

Test(unit_start, one_that_is_new_is_started)
{
        start("import");
        answer(NULL, false);
        cr_expect_eq(result, 0);
}

Test(unit_start, a_refusal_is_told_in_systemds_words)
{
        start("import");
        answer("org.freedesktop.systemd1.LoadFailed", false);
        cr_expect_eq(result, -EIO);
        cr_expect_str_eq(sentence, "no");
}

Test(unit_start, one_of_an_earlier_run_is_not_the_one_that_was_asked_for)
{
        for (size_t i = 0; i < ELEMENTSOF(command); i++) {
                start_existing(command[i], &runs, false);
                cr_expect_eq(result, -EEXIST, "%s, which runs", command[i]);
                cr_expect(strstr(sentence, "still runs"), "%s", sentence);
                start_existing(command[i], &ended, false);
                cr_expect_eq(result, -EEXIST, "%s, which has ended", command[i]);
                cr_expect(strstr(sentence, "still loaded"), "%s", sentence);
                cr_expect(strstr(sentence, example(command[i])->spec.name), "%s", sentence);
        }
}

Test(unit_start, one_that_systemd_has_made_of_this_very_call_is)
{
        for (size_t i = 0; i < ELEMENTSOF(command); i++) {
                start_existing(command[i], &runs, true);
                cr_expect_eq(result, 0, "%s, which runs", command[i]);
                start_existing(command[i], &ended, true);
                cr_expect_eq(result, 0, "%s, which has ended", command[i]);
        }
}

Test(unit_start, what_may_run_since_before_the_daemon_is_taken_back)
{
        UnitState failed = ended;

        failed.active = failed.sub = "failed";
        start_existing("release", &runs, false);
        cr_expect_eq(result, 0);
        start_existing("release", &failed, false);
        cr_expect_eq(result, 0, "its owner knows what its end means");
        start_existing("app", &failed, false);
        cr_expect_eq(result, 0);
        start_existing("release", &kept, false);
        cr_expect_eq(result, -EEXIST, "its end is not known any more");
}

Test(unit_start, an_app_that_is_only_kept_loaded_is_started_again)
{
        static const char *const steps[] = { "ResetFailedUnit", "SetUnitProperties", "StartUnit" };

        start_existing("app", &kept, false);
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                cr_assert_eq(result, 1, "%s", steps[i]);
                cr_expect_str_eq(asked, steps[i]);
                answer(NULL, false);
        }
        cr_expect_eq(result, 0);
}

Test(unit_start, one_that_somebody_else_has_made_is_never_taken)
{
        static const char *const all[] = { "app", "release", "import" };
        UnitState stranger = runs;

        stranger.own = false;
        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                start_existing(all[i], &stranger, true);
                cr_expect_eq(result, -EEXIST, "%s", all[i]);
                cr_expect(strstr(sentence, "is not deployd's"), "%s", sentence);
        }
}

Test(unit_start, one_that_goes_while_it_is_read_is_asked_for_again_but_not_for_ever)
{
        UnitState gone = { .own = true, .active = "inactive", .sub = "dead", .result = "success" };

        start_existing("import", &gone, false);
        cr_expect_eq(result, 1);
        cr_expect_eq(n_asked, 2);
        cr_expect_str_eq(asked, "StartTransientUnit");
        answer(NULL, false);
        cr_expect_eq(result, 0);

        start_existing("import", &gone, false);
        for (unsigned i = 0; i < 10 && result == 1; i++) {
                answer(EXISTS, false);
                cr_assert_not_null(changed);
                changed(changed_userdata, &gone);
        }
        cr_expect_eq(result, -EEXIST);
}
