/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/internal.h"

/* Sentences, in a list that ends with NULL. */
typedef struct Faults {
        char **sentences;
        size_t n;
} Faults;

/* Takes the sentence. 0 or -ENOMEM. */
static int faults_add(Faults *faults, char *sentence)
{
        char **sentences = sentence ? reallocarray(faults->sentences, faults->n + 2, sizeof(char *)) : NULL;

        if (!sentences) {
                free(sentence);
                return -ENOMEM;
        }
        faults->sentences = sentences;
        sentences[faults->n++] = sentence;
        sentences[faults->n] = NULL;
        return 0;
}

static bool is_loaded(char *const *units, const char *unit)
{
        for (; *units; units++)
                if (strcmp(*units, unit) == 0)
                        return true;
        return false;
}

/* What the formation asks for and is not there. */
static int compare_planned(const App *app, const Plan *plan, char *const *units, Faults *faults)
{
        int r = 0;

        for (size_t i = 0; i < plan->n && r >= 0; i++) {
                const StoreInstance *item = &plan->items[i];
                const Instance *instance = deployment_instance(app->live, item->unit);

                if (!instance)
                        r = faults_add(faults,
                                       text_format("app %s has no %s.%u, which its formation asks for: "
                                                   "'systemctl restart deployd' starts it",
                                                   app->name, item->process, item->number));
                else if (!instance->by_hand && !instance->given_up && !is_loaded(units, item->unit))
                        r = faults_add(faults, text_format("unit %s of app %s is not there: 'deployctl "
                                                           "start %s' starts it",
                                                           item->unit, app->name, app->name));
        }
        return r;
}

/* What is there and the formation does not ask for. */
static int compare_instances(const App *app, const Plan *plan, Faults *faults)
{
        const Instance *instance;
        int r = 0;

        LIST_FOREACH (instances, instance, app->live->instances)
                if (r >= 0 && !instance->leaving && !formation_plan_has(plan, instance->unit))
                        r = faults_add(faults,
                                       text_format("app %s has %s.%u, which its formation does not ask "
                                                   "for: 'systemctl restart deployd' stops it",
                                                   app->name, instance->process, instance->number));
        return r;
}

static int compare_app(const App *app, char *const *units, Faults *faults)
{
        const Release *release = app->live ? deployment_release(app->live) : NULL;
        _cleanup_plan_ Plan plan = {};
        _cleanup_free_ char *sentence = NULL;
        int r;

        /* A stopped app takes its formation up when it starts. */
        if (!release || app->stopped || lost_release_is(app->live))
                return 0;
        r = formation_plan_make(app->live, release, &plan, &sentence);
        if (r == -EINVAL && sentence)
                return faults_add(faults, text_format("app %s: %s", app->name, sentence));
        if (r >= 0)
                r = compare_planned(app, &plan, units, faults);
        return r < 0 ? r : compare_instances(app, &plan, faults);
}

int pipeline_compare(const Pipeline *pipeline, char *const *units, char ***ret)
{
        Faults faults = {};
        const App *app;
        int r = 0;

        assert(pipeline);
        assert(units);
        assert(ret);

        LIST_FOREACH (apps, app, pipeline->model->apps)
                if (r >= 0)
                        r = compare_app(app, units, &faults);
        if (r < 0) {
                text_free_list(faults.sentences);
                return r;
        }
        *ret = faults.sentences;
        return 0;
}
