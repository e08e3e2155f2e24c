/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-own.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "systemd/unit-late.h"

#define TRANSIENT "/run/systemd/transient/x.service"
#define APP       "deployd-app-my_shop-7.web.1.service"
#define OF_APP    "deployd-apps-my_shop.slice"

static UnitState state_of(const char *fragment, const char *slice, const char *user)
{
        return (UnitState){ .loaded = true, .fragment = fragment, .slice = slice, .user = user };
}

Test(unit_own, a_unit_of_ours_is_known_by_its_file_its_slice_and_its_user)
{
        static const struct {
                const char *name, *fragment, *slice, *user;
                bool own;
        } cases[] = {
                { APP, TRANSIENT, OF_APP, "deployd-a3", true },
                { "deployd-release-my_shop-7.service", TRANSIENT, OF_APP, "deployd-a3", true },
                { "deployd-build-my_shop-7.service", TRANSIENT, "deployd-builds.slice", "deployd-b3", true },
                { "deployd-limit-disk-1.service", TRANSIENT, "deployd-builds.slice", "deployd-limit", true },
                { "deployd-fetch-shop-7.service", TRANSIENT, "deployd.slice", "deployd-f1", true },
                { "deployd-remove-release-1.service", TRANSIENT, "deployd.slice", "", true },
                /* systemd-run, with its slice or another one. */
                { APP, TRANSIENT, "system.slice", "", false },
                { APP, TRANSIENT, OF_APP, "", false },
                { APP, TRANSIENT, "deployd-apps-shop.slice", "deployd-a3", false },
                { "deployd-fetch-shop-7.service", TRANSIENT, "system.slice", "deployd-f1", false },
                /* A file that somebody has installed, a mask. */
                { APP, "/etc/systemd/system/x.service", OF_APP, "deployd-a3", false },
                { APP, "", OF_APP, "deployd-a3", false },
                { "deployd-ingress.service", TRANSIENT, "deployd.slice", "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = state_of(cases[i].fragment, cases[i].slice, cases[i].user);

                cr_expect_eq(unit_is_own(cases[i].name, &state), cases[i].own, "%zu", i);
        }
}

Test(unit_own, a_unit_that_is_not_there_is_nobody_elses)
{
        UnitState state = { .fragment = "", .slice = "", .user = "" };

        cr_expect(unit_is_own(APP, &state));
}

Test(unit_own, the_sentence_names_the_unit_its_file_and_what_to_type)
{
        UnitState state = state_of("/etc/systemd/system/x.service", "", "");
        _cleanup_free_ char *sentence = unit_describe_stranger(APP, &state);

        cr_assert(sentence);
        cr_expect(strstr(sentence, APP));
        cr_expect(strstr(sentence, "(/etc/systemd/system/x.service)"));
        cr_expect(strstr(sentence, "'systemctl stop " APP "'"));
}

Test(unit_late, each_step_has_its_timeout_and_a_grace)
{
        static const struct {
                const char *active, *sub;
                uint64_t start, stop, limit;
        } cases[] = {
                { "activating", "start", 7, 9, 7 + UNIT_LATE_GRACE_USEC },
                { "activating", "start-pre", 7, 9, 7 + UNIT_LATE_GRACE_USEC },
                { "activating", "auto-restart", 7, 9, USEC_INFINITY },
                { "deactivating", "stop-sigterm", 7, 9, 9 + UNIT_LATE_GRACE_USEC },
                { "deactivating", "stop-post", 7, 9, 9 + UNIT_LATE_GRACE_USEC },
                { "deactivating", "stop-sigterm", 7, USEC_INFINITY, USEC_INFINITY },
                { "activating", "start", 0, 9, USEC_INFINITY },
                { "active", "running", 7, 9, USEC_INFINITY },
                { "reloading", "reload", 7, 9, USEC_INFINITY },
                { "failed", "failed", 7, 9, USEC_INFINITY },
                { "inactive", "dead", 7, 9, USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = { .loaded = true,
                                    .active = cases[i].active,
                                    .sub = cases[i].sub,
                                    .start_timeout = cases[i].start,
                                    .stop_timeout = cases[i].stop };

                cr_expect_eq(unit_late_limit(&state), cases[i].limit, "%zu", i);
        }
}

Test(unit_state, gone_is_not_known_or_ended_without_a_job)
{
        static const struct {
                bool loaded;
                const char *active;
                int job;
                bool gone, failed, starting;
        } cases[] = {
                { false, "inactive", 0, true, false, false },
                { true, "inactive", 0, true, false, false },
                { true, "inactive", 1, false, false, true },
                { true, "failed", 0, false, true, false },
                { true, "failed", 1, false, false, true },
                { true, "active", 0, false, false, false },
                { true, "deactivating", 0, false, false, false },
                { true, "activating", 0, false, false, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                UnitState state = { .loaded = cases[i].loaded,
                                    .active = cases[i].active,
                                    .sub = "",
                                    .job_pending = cases[i].job };

                cr_expect_eq(unit_state_is_gone(&state), cases[i].gone, "%zu", i);
                cr_expect_eq(unit_state_is_failed(&state), cases[i].failed, "%zu", i);
                cr_expect_eq(unit_state_is_starting(&state), cases[i].starting, "%zu", i);
        }
}
