/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/agreement.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"

/* A unit comes and goes within moments of its row; the pause is long beside that. */
#define LOOKS      3
#define PAUSE_USEC USEC_PER_SEC

/* How long the database may take for an answer. */
#define ANSWER_USEC (10 * USEC_PER_SEC)

/* Units that one kind of row owns, and what their rows are known by. */
typedef struct Names {
        char **units;
        char **keys;
        size_t n;
} Names;

struct Agreement {
        Units *units;
        Pg *pg;
        const Pipeline *pipeline;
        Report *report;
        void (*done)(void *userdata);
        void *userdata;
        sd_event_source *again;
        UnitCall *listing;
        PgRequest *request;
        Names names[UNIT_OWNER_MAX];
        unsigned n_looks;
        char **compared; /* what the pipeline says */
        char **faults;   /* that were there each time; one allocation; NULL = not looked yet */
};

static void agreement_names_clear(Names *names)
{
        for (size_t i = 0; i < names->n; i++) {
                free(names->units[i]);
                free(names->keys[i]);
        }
        free(names->units);
        free(names->keys);
        *names = (Names){ .n = 0 };
}

/* Both lists stay terminated. 0 or -ENOMEM. */
static int agreement_names_add(Names *names, const char *unit, char *key)
{
        char **units = reallocarray(names->units, names->n + 2, sizeof(char *)), **keys;

        if (units)
                names->units = units;
        keys = units ? reallocarray(names->keys, names->n + 2, sizeof(char *)) : NULL;
        if (keys)
                names->keys = keys;
        if (!keys || !key || !(units[names->n] = strdup(unit))) {
                free(key);
                return -ENOMEM;
        }
        keys[names->n++] = key;
        units[names->n] = keys[names->n] = NULL;
        return 0;
}

/* 0, also for what has no owner; -ENOMEM. */
static int sort_in(Agreement *agreement, const char *unit)
{
        _cleanup_unit_name_ UnitName parsed = {};
        UnitOwner owner;
        int r;

        r = unit_name_parse(unit, &parsed);
        if (r < 0)
                return r == -ENOMEM ? r : 0; /* a slice */
        owner = unit_kind_row(parsed.kind)->owner;
        switch (owner) {
        case UNIT_OWNER_INSTANCE:
                return agreement_names_add(&agreement->names[owner], unit, strdup(unit));
        case UNIT_OWNER_REPOSITORY:
                return agreement_names_add(&agreement->names[owner], unit, strdup(parsed.name));
        case UNIT_OWNER_DEPLOYMENT:
                return agreement_names_add(&agreement->names[owner], unit,
                                           text_format("%lu", (unsigned long) parsed.id));
        case UNIT_OWNER_NOBODY:
        case UNIT_OWNER_UNSET:
        case UNIT_OWNER_MAX:
                break;
        }
        return 0;
}

static void agreement_end(Agreement *agreement)
{
        report_end(agreement->report, CHECK_UNITS);
        agreement->done(agreement->userdata);
}

static void agreement_fail(Agreement *agreement, const char *what, const char *why)
{
        report_fail(agreement->report, CHECK_UNITS, "%s: %s; try again", what, why);
        agreement_end(agreement);
}

static bool is_in(char *const *list, const char *text)
{
        for (; *list; list++)
                if (strcmp(*list, text) == 0)
                        return true;
        return false;
}

/* Keeps the faults of `now` that were there before too. */
static void agreement_intersect(Agreement *agreement, char **now)
{
        size_t n = 0;

        for (size_t i = 0; now[i]; i++)
                if (!agreement->faults || is_in(agreement->faults, now[i]))
                        now[n++] = now[i];
        now[n] = NULL;
        free(agreement->faults);
        agreement->faults = now;
}

static void on_rows(void *userdata, int error, const PgResult *result)
{
        Agreement *agreement = userdata;
        char **now;

        agreement->request = NULL;
        if (error < 0) {
                agreement_fail(agreement, "the rows cannot be read", pg_result_message(result));
                return;
        }
        if (pg_result_texts(result, 0, 0, &now) < 0) {
                agreement_fail(agreement, "the rows cannot be read", strerror(ENOMEM));
                return;
        }
        agreement_intersect(agreement, now);
        if (agreement->faults[0] && ++agreement->n_looks < LOOKS) {
                (void) sd_event_source_set_time_relative(agreement->again, PAUSE_USEC);
                (void) sd_event_source_set_enabled(agreement->again, SD_EVENT_ONESHOT);
                return;
        }
        for (size_t i = 0; agreement->faults[i]; i++)
                report_fail(agreement->report, CHECK_UNITS, "%s", agreement->faults[i]);
        if (!agreement->faults[0])
                report_say(agreement->report, CHECK_UNITS, "units of apps: %zu",
                           agreement->names[UNIT_OWNER_INSTANCE].n);
        agreement_end(agreement);
}

static const char *const *agreement_texts(char *const *list)
{
        return (const char *const *) list;
}

static int agreement_ask(Agreement *agreement)
{
        static char *const none[] = { NULL };
        const Names *names = agreement->names;

        return pg_submit(
                agreement->pg,
                &PG_READ("with unit (name, known) as ("
                         " select name, exists (select from instance where unit = name)"
                         "  from unnest($1::text[]) name"
                         " union all select name, exists (select from repository r where r.name = key)"
                         "  from unnest($2::text[], $3::text[]) t (name, key)"
                         " union all select name, exists (select from deployment where id = key::bigint)"
                         "  from unnest($4::text[], $5::text[]) t (name, key)),"
                         " fault (text) as ("
                         " select format('unit %s has no row: ''systemctl restart deployd'' ends it', name)"
                         "  from unit where not known"
                         " union all select unnest($6::text[]))"
                         " select coalesce(array_agg(text order by text), '{}') from fault",
                         pg_texts(agreement_texts(names[UNIT_OWNER_INSTANCE].units)),
                         pg_texts(agreement_texts(names[UNIT_OWNER_REPOSITORY].units)),
                         pg_texts(agreement_texts(names[UNIT_OWNER_REPOSITORY].keys)),
                         pg_texts(agreement_texts(names[UNIT_OWNER_DEPLOYMENT].units)),
                         pg_texts(agreement_texts(names[UNIT_OWNER_DEPLOYMENT].keys)),
                         pg_texts(agreement_texts(agreement->compared ? agreement->compared : none))),
                clock_usec(CLOCK_MONOTONIC) + ANSWER_USEC, on_rows, agreement, &agreement->request);
}

static void agreement_on_listed(void *userdata, int error, char *const *names)
{
        Agreement *agreement = userdata;

        agreement->listing = NULL;
        for (UnitOwner owner = UNIT_OWNER_UNSET; owner < UNIT_OWNER_MAX; owner++)
                agreement_names_clear(&agreement->names[owner]);
        agreement->compared = text_free_list(agreement->compared);
        if (error >= 0)
                error = pipeline_compare(agreement->pipeline, names, &agreement->compared);
        for (; error >= 0 && *names; names++)
                error = sort_in(agreement, *names);
        if (error >= 0)
                error = agreement_ask(agreement);
        if (error < 0)
                agreement_fail(agreement, "the units cannot be listed", strerror(-error));
}

static int agreement_look(Agreement *agreement)
{
        return units_list(agreement->units, agreement_on_listed, agreement, &agreement->listing);
}

static int agreement_on_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        int r = agreement_look(userdata);

        if (r < 0)
                agreement_fail(userdata, "the units cannot be listed", strerror(-r));
        return 0;
}

int agreement_new(sd_event *event, Units *units, Pg *pg, const Pipeline *pipeline, Report *report,
                  void (*done)(void *userdata), void *userdata, Agreement **ret)
{
        _cleanup_(agreement_freep) Agreement *agreement = calloc(1, sizeof(Agreement));
        int r;

        assert(event);
        assert(units);
        assert(pg);
        assert(pipeline);
        assert(report);
        assert(done);
        assert(ret);

        if (!agreement)
                return -ENOMEM;
        agreement->units = units;
        agreement->pg = pg;
        agreement->pipeline = pipeline;
        agreement->report = report;
        agreement->done = done;
        agreement->userdata = userdata;
        r = sd_event_add_time_relative(event, &agreement->again, CLOCK_MONOTONIC, 0, 0, agreement_on_again,
                                       agreement);
        if (r >= 0)
                r = sd_event_source_set_enabled(agreement->again, SD_EVENT_OFF);
        if (r >= 0)
                r = agreement_look(agreement);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(agreement);
        return 0;
}

Agreement *agreement_free(Agreement *agreement)
{
        if (!agreement)
                return NULL;
        sd_event_source_disable_unref(agreement->again);
        unit_call_free(agreement->listing);
        pg_request_free(agreement->request);
        for (UnitOwner owner = UNIT_OWNER_UNSET; owner < UNIT_OWNER_MAX; owner++)
                agreement_names_clear(&agreement->names[owner]);
        text_free_list(agreement->compared);
        free(agreement->faults);
        free(agreement);
        return NULL;
}
