/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The pipeline over a fake store, fake units, a fake probe and a fake ingress, with one app, `shop`. What
 * the fakes are not told to hold or refuse goes well at once; only time has to be let by (loop.h). */

#include <criterion/criterion.h>

#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "daemon/pipeline/flow/attempt.h"
#include "tests/pipeline/fake-requests.h"
#include "tests/pipeline/fake-store.h"
#include "tests/pipeline/fake-units.h"
#include "tests/pipeline/loop.h"

/* The commit of all deployments, unless the test says so. */
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

typedef struct Fixture {
        Model *model;
        Config *config; /* the defaults; tests change members */
        Pipeline *pipeline;
        App *app;
        char *fatal; /* the sentence with which the daemon wanted to end; NULL = it did not */
        bool resumed;
} Fixture;

extern Fixture fixture;

/* Criterion's init and fini. The suite's program is root of a name space of its own (meson.build). */
void fixture_set_up(void);
void fixture_tear_down(void);
#define PIPELINE_SUITE(name) \
        TestSuite(name, .init = fixture_set_up, .fini = fixture_tear_down, .timeout = 60)

/* As if the test began now. */
void fixture_reset(void);
/* The daemon is killed and started again: what is under way is forgotten, units and rows stay. */
void fixture_restart(void);

/* What became of a call. */
typedef struct Answer {
        bool done;
        char error[64]; /* the last word of its name; "" = it succeeded */
        uint64_t id;
} Answer;

/* Each runs the loop after it, and forgets the answer of the call before. */
extern Answer answer;
Call answer_call(void);
/* Makes one, and says which. */
Deployment *fixture_deploy(void);
Deployment *fixture_rebuild(void);
Deployment *fixture_redeploy(void);
/* To the release of that one; 0 = to the one before. NULL if it is refused. */
Deployment *fixture_rollback(uint64_t to);
/* The variable has another value: the deployment that brings it, NULL = none is needed. */
Deployment *fixture_set_variable(const char *name, const char *value);
/* Of another app, that is made. */
Deployment *fixture_deploy_other(const char *name);
void fixture_cancel(Deployment *deployment);
void fixture_stop(void);
void fixture_start(void);
void fixture_restart_app(void);
void fixture_clear_cache(void);
void fixture_remove(bool force);
/* So many instances of a process are wanted from now on. */
void fixture_scale(const char *process, unsigned count);
/* One that is live, with everything at rest. */
Deployment *fixture_go_live(void);

/* The unit of its instance, as "web.1"; it must have one. */
Instance *fixture_instance(const Deployment *deployment, const char *dyno);
const char *fixture_unit(const Deployment *deployment, const char *dyno);
/* The unit of a job of that kind and deployment. Owned by the fixture, until it is asked for the next. */
const char *fixture_job(UnitKind kind, uint64_t id);

#define status_is(deployment, wanted)                                                                    \
        cr_assert_str_eq(deployment_status_to_string((deployment)->status), wanted, "%s (%s), not %s",   \
                         deployment_status_to_string((deployment)->status), (deployment)->error_summary, \
                         wanted)
#define app_is(wanted)                                                                               \
        cr_assert_str_eq(app_status_to_string(fixture.app->status), wanted, "the app is %s, not %s", \
                         app_status_to_string(fixture.app->status), wanted)
#define says(text, part) cr_assert(strstr(text, part), "'%s' has no '%s'", text, part)
