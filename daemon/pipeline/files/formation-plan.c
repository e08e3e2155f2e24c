/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/formation-plan.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/unit-name.h"

void formation_plan_done(Plan *plan)
{
        for (size_t i = 0; i < plan->n; i++)
                free(plan->units[i]);
        free(plan->units);
        free(plan->items);
        formation_clear(&plan->formation);
        *plan = (Plan){};
}

bool formation_plan_has(const Plan *plan, const char *unit)
{
        assert(plan);
        assert(unit);

        for (size_t i = 0; i < plan->n; i++)
                if (strcmp(plan->items[i].unit, unit) == 0)
                        return true;
        return false;
}

/* The release has no such process. Nobody has asked for `web` by name where nothing was said. */
static char *make_sentence(const Deployment *deployment, const Release *release, const char *process,
                           unsigned count)
{
        const App *app = deployment->app;
        const char *directory = deployment_settings(deployment)->directory;
        const char *first = release_first_process(release);
        _cleanup_free_ char *known = release_list_processes(release);

        if (!known)
                return NULL;
        if (release->processes.n == 0)
                return text_format(
                        "there is no Procfile in %s%s of commit %.12s, and no buildpack says what is "
                        "to run",
                        directory[0] ? "directory " : "the root", directory, deployment->revision);
        if (!first)
                return text_format(
                        "the Procfile of commit %.12s has nothing but a release command: add a line "
                        "`web: COMMAND`",
                        deployment->revision);
        if (app->settings.formation.n == 0 && release->formation.n == 0)
                return text_format("the Procfile has no process named web (but %s): name what is to run, as "
                                   "in `deployctl scale %s web=0 %s=1`",
                                   known, app->name, first);
        return text_format("the formation has %s=%u, but neither the Procfile nor the buildpack has a "
                           "process named %s (they have %s)",
                           process, count, process, known);
}

static int formation_plan_add(Plan *plan, const Deployment *deployment, const FormationItem *item)
{
        for (unsigned number = 1; number <= item->count; number++) {
                char *unit = unit_name_make(UNIT_APP, deployment->app->name, deployment->id, item->process,
                                            number);

                if (!unit)
                        return -ENOMEM;
                plan->units[plan->n] = unit;
                plan->items[plan->n++] = (StoreInstance){
                        .process = item->process,
                        .number = number,
                        .unit = unit,
                        .port = strcmp(item->process, PROCESS_WEB) == 0,
                };
        }
        return 0;
}

int formation_plan_make(const Deployment *deployment, const Release *release, Plan *ret, char **ret_sentence)
{
        _cleanup_plan_ Plan plan = {};
        uint64_t total;
        int r;

        assert(deployment);
        assert(release);
        assert(ret);
        assert(ret_sentence);

        r = app_formation(deployment->app, release, &plan.formation);
        if (r < 0)
                return r;
        if (formation_count(&plan.formation, PROCESS_RELEASE) > 0) {
                *ret_sentence = strdup("the formation has " PROCESS_RELEASE
                                       ", which is run once, before the others start: leave it out");
                return *ret_sentence ? -EINVAL : -ENOMEM;
        }
        for (size_t i = 0; i < plan.formation.n; i++) {
                const FormationItem *item = &plan.formation.items[i];

                if (item->count == 0 || release_has_process(release, item->process))
                        continue;
                *ret_sentence = make_sentence(deployment, release, item->process, item->count);
                return *ret_sentence ? -EINVAL : -ENOMEM;
        }
        total = formation_total(&plan.formation);
        if (total == 0 || total > FORMATION_COUNT_MAX) {
                *ret_sentence = total == 0
                                        ? strdup("the formation has no process above 0: nothing would run")
                                        : text_format("the formation has more than %d instances in all",
                                                      FORMATION_COUNT_MAX);
                return *ret_sentence ? -EINVAL : -ENOMEM;
        }
        plan.items = calloc(total + 1, sizeof(StoreInstance));
        plan.units = calloc(total + 1, sizeof(char *));
        if (!plan.items || !plan.units)
                return -ENOMEM;
        for (unsigned turn = 0; turn < 2; turn++)
                for (size_t i = 0; r >= 0 && i < plan.formation.n; i++)
                        if ((strcmp(plan.formation.items[i].process, PROCESS_WEB) == 0) == (turn == 0))
                                r = formation_plan_add(&plan, deployment, &plan.formation.items[i]);
        if (r < 0)
                return r;
        *ret = plan;
        plan = (Plan){};
        return 0;
}
