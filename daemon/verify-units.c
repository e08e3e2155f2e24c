/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/verify-units.h"

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

struct VerifyUnits {
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

static void verify_units_names_clear(Names *names)
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
static int verify_units_names_add(Names *names, const char *unit, char *key)
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
static int sort_in(VerifyUnits *verify_units, const char *unit)
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
                return verify_units_names_add(&verify_units->names[owner], unit, strdup(unit));
        case UNIT_OWNER_REPOSITORY:
                return verify_units_names_add(&verify_units->names[owner], unit, strdup(parsed.name));
        case UNIT_OWNER_DEPLOYMENT:
                return verify_units_names_add(&verify_units->names[owner], unit,
                                              text_format("%lu", (unsigned long) parsed.id));
        case UNIT_OWNER_NOBODY:
        case UNIT_OWNER_UNSET:
        case UNIT_OWNER_MAX:
                break;
        }
        return 0;
}

static void verify_units_end(VerifyUnits *verify_units)
{
        report_end(verify_units->report, CHECK_UNITS);
        verify_units->done(verify_units->userdata);
}

static void verify_units_fail(VerifyUnits *verify_units, const char *what, const char *why)
{
        report_fail(verify_units->report, CHECK_UNITS, "%s: %s; try again", what, why);
        verify_units_end(verify_units);
}

static bool is_in(char *const *list, const char *text)
{
        for (; *list; list++)
                if (strcmp(*list, text) == 0)
                        return true;
        return false;
}

/* Keeps the faults of `now` that were there before too. */
static void verify_units_intersect(VerifyUnits *verify_units, char **now)
{
        size_t n = 0;

        for (size_t i = 0; now[i]; i++)
                if (!verify_units->faults || is_in(verify_units->faults, now[i]))
                        now[n++] = now[i];
        now[n] = NULL;
        free(verify_units->faults);
        verify_units->faults = now;
}

static void on_rows(void *userdata, int error, const PgResult *result)
{
        VerifyUnits *verify_units = userdata;
        char **now;

        verify_units->request = NULL;
        if (error < 0) {
                verify_units_fail(verify_units, "the rows cannot be read", pg_result_message(result));
                return;
        }
        if (pg_result_texts(result, 0, 0, &now) < 0) {
                verify_units_fail(verify_units, "the rows cannot be read", strerror(ENOMEM));
                return;
        }
        verify_units_intersect(verify_units, now);
        if (verify_units->faults[0] && ++verify_units->n_looks < LOOKS) {
                (void) sd_event_source_set_time_relative(verify_units->again, PAUSE_USEC);
                (void) sd_event_source_set_enabled(verify_units->again, SD_EVENT_ONESHOT);
                return;
        }
        for (size_t i = 0; verify_units->faults[i]; i++)
                report_fail(verify_units->report, CHECK_UNITS, "%s", verify_units->faults[i]);
        if (!verify_units->faults[0])
                report_say(verify_units->report, CHECK_UNITS, "units of apps: %zu",
                           verify_units->names[UNIT_OWNER_INSTANCE].n);
        verify_units_end(verify_units);
}

static const char *const *verify_units_texts(char *const *list)
{
        return (const char *const *) list;
}

static int verify_units_ask(VerifyUnits *verify_units)
{
        static char *const none[] = { NULL };
        const Names *names = verify_units->names;

        return pg_submit(
                verify_units->pg,
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
                         pg_texts(verify_units_texts(names[UNIT_OWNER_INSTANCE].units)),
                         pg_texts(verify_units_texts(names[UNIT_OWNER_REPOSITORY].units)),
                         pg_texts(verify_units_texts(names[UNIT_OWNER_REPOSITORY].keys)),
                         pg_texts(verify_units_texts(names[UNIT_OWNER_DEPLOYMENT].units)),
                         pg_texts(verify_units_texts(names[UNIT_OWNER_DEPLOYMENT].keys)),
                         pg_texts(verify_units_texts(verify_units->compared ? verify_units->compared
                                                                            : none))),
                clock_usec(CLOCK_MONOTONIC) + ANSWER_USEC, on_rows, verify_units, &verify_units->request);
}

static void verify_units_on_listed(void *userdata, int error, char *const *names)
{
        VerifyUnits *verify_units = userdata;

        verify_units->listing = NULL;
        for (UnitOwner owner = UNIT_OWNER_UNSET; owner < UNIT_OWNER_MAX; owner++)
                verify_units_names_clear(&verify_units->names[owner]);
        verify_units->compared = text_free_list(verify_units->compared);
        if (error >= 0)
                error = pipeline_compare(verify_units->pipeline, names, &verify_units->compared);
        for (; error >= 0 && *names; names++)
                error = sort_in(verify_units, *names);
        if (error >= 0)
                error = verify_units_ask(verify_units);
        if (error < 0)
                verify_units_fail(verify_units, "the units cannot be listed", strerror(-error));
}

static int verify_units_look(VerifyUnits *verify_units)
{
        return units_list(verify_units->units, verify_units_on_listed, verify_units, &verify_units->listing);
}

static int verify_units_on_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        int r = verify_units_look(userdata);

        if (r < 0)
                verify_units_fail(userdata, "the units cannot be listed", strerror(-r));
        return 0;
}

int verify_units_new(sd_event *event, Units *units, Pg *pg, const Pipeline *pipeline, Report *report,
                     void (*done)(void *userdata), void *userdata, VerifyUnits **ret)
{
        _cleanup_(verify_units_freep) VerifyUnits *verify_units = calloc(1, sizeof(VerifyUnits));
        int r;

        assert(event);
        assert(units);
        assert(pg);
        assert(pipeline);
        assert(report);
        assert(done);
        assert(ret);

        if (!verify_units)
                return -ENOMEM;
        verify_units->units = units;
        verify_units->pg = pg;
        verify_units->pipeline = pipeline;
        verify_units->report = report;
        verify_units->done = done;
        verify_units->userdata = userdata;
        r = sd_event_add_time_relative(event, &verify_units->again, CLOCK_MONOTONIC, 0, 0,
                                       verify_units_on_again, verify_units);
        if (r >= 0)
                r = sd_event_source_set_enabled(verify_units->again, SD_EVENT_OFF);
        if (r >= 0)
                r = verify_units_look(verify_units);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(verify_units);
        return 0;
}

VerifyUnits *verify_units_free(VerifyUnits *verify_units)
{
        if (!verify_units)
                return NULL;
        sd_event_source_disable_unref(verify_units->again);
        unit_call_free(verify_units->listing);
        pg_request_free(verify_units->request);
        for (UnitOwner owner = UNIT_OWNER_UNSET; owner < UNIT_OWNER_MAX; owner++)
                verify_units_names_clear(&verify_units->names[owner]);
        text_free_list(verify_units->compared);
        free(verify_units->faults);
        free(verify_units);
        return NULL;
}
