/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the store share: a server with the real schema, a store that reaches it through a proxy
 * that can lose answers, and `pg` beside it, which sees all as superuser. */

#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/model.h"
#include "fixture.h"
#include "proxy.h"
#include "sql/store.h"

#define ACTOR 1000

#define URL       "https://git.example/shop.git"
#define REVISION  "0123456789abcdef0123456789abcdef01234567"
#define DIGEST    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BUILD_KEY "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

#define STABLE_LOW  8000
#define STABLE_HIGH 8003
#define PORT_LOW    20000
#define PORT_HIGH   20004

/* Of the data of a removed app. */
#define KEEP_USEC (3600 * USEC_PER_SEC)

#define REPLY_PORTS_MAX 8

extern Store *store;
extern Pg *through; /* of the store */
extern Proxy proxy;
extern Model *model; /* empty at first; see known_*() */

void store_fixture_start(void);
void store_fixture_end(void);

/* A StoreReply that stays. */
typedef struct Reply {
        bool done, dropped;
        int error;
        uint64_t id, at, number;
        uint16_t ports[REPLY_PORTS_MAX];
        size_t n_ports;
        char sentence[400], constraint[80];
} Reply;

/* Notes the answer in `reply`, which must live until then. */
StoreAsk asking(Reply *reply);
void await(const Reply *reply);

/* The ends of the two macros: asserted in functions, since an assertion cannot stand within another. */
void accepted(int result);
Reply well(Reply reply, const char *what);

/* Asks a verb of the store and waits for its reply; the last argument is AS. */
#define say(...) say_(__VA_ARGS__)
#define say_(verb, ...)                                   \
        ({                                                \
                Reply _reply = {};                        \
                const StoreAsk _asking = asking(&_reply); \
                accepted(verb(store, __VA_ARGS__));       \
                await(&_reply);                           \
                _reply;                                   \
        })
#define AS &_asking

/* The same where it must succeed. */
#define done_by(...) well(say(__VA_ARGS__), #__VA_ARGS__)

/* One cell of one row as text; a query must give exactly one row. */
const char *look(const char *sql);
void sees(const char *sql, const char *expected);

/* For sees(). Every version of an environment: id, base, deployment, and its variables. */
#define VERSIONS                                                                                                  \
        "select string_agg(concat_ws(' ', v.id, coalesce(base_id, 0), coalesce(deployment_id, 0), "               \
        "  (select string_agg(name || '=' || convert_from(value, 'UTF8'), ' ' order by name) from environment e " \
        "   where e.version_id = v.id)), ', ' order by v.id) from environment_version v"
/* Which version the one app and its deployments have. */
#define USED                                                            \
        "select concat_ws(' ', (select environment_id from app), '|', " \
        "  (select string_agg(coalesce(environment_id, 0)::text, ' ' order by id) from deployment))"

/* A digest of every row of every table: the same as long as nothing is changed. */
const char *everything(void);

/* Settings of an app: as a new one has them, and another value in each. */
extern const AppSettings default_settings, all_settings;

bool formation_is(const Formation *formation, const Formation *expected);

/* Objects as the model has them after the verbs that make them. */
Repository *known_repository(const char *name);
App *known_app(const char *name, Repository *repository);
Deployment *known_deployment(App *app, const char *revision);
/* A redeploy or rollback. */
Deployment *known_again(App *app, DeploymentKind kind, uint64_t rollback_to);

/* All variables of the app from now on; the version, and with STORE_ENVIRONMENT_DEPLOY its deployment. */
EnvironmentVersion *known_environment(App *app, const Variables *variables, StoreEnvironmentUse use);

const FlowRow *row_of(DeploymentStatus from, FlowEvent event);
/* Takes it from queued to this status, port and release and all. */
void bring_to(Deployment *deployment, DeploymentStatus status);
/* The steps of that way from fetching to starting: it has built its release (with another value in each
 * column), and it starts as web.1, so that its number of ports is one. */
Reply record_it(Deployment *deployment);
Reply start_it(Deployment *deployment, uint16_t low, uint16_t high, uint16_t next);
/* A redeploy or rollback begins with the release that was chosen for it. */
Reply start_again(Deployment *deployment, uint64_t release);
