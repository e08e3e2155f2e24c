/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/release.h"

#include <string.h>

#include "base/text.h"

Release *release_new(void)
{
        _cleanup_(release_freep) Release *release = calloc(1, sizeof(Release));

        if (!release)
                return NULL;
        release->build_key = strdup("");
        release->buildpack = strdup("");
        release->health.path = strdup("");
        return release->build_key && release->buildpack && release->health.path ? TAKE_PTR(release) : NULL;
}

Release *release_free(Release *release)
{
        if (!release)
                return NULL;
        formation_clear(&release->processes);
        formation_clear(&release->formation);
        free(release->build_key);
        free(release->buildpack);
        free(release->health.path);
        free(release);
        return NULL;
}

bool release_has_process(const Release *release, const char *process)
{
        assert(release);
        return formation_count(&release->processes, process) > 0;
}

char *release_list_processes(const Release *release)
{
        char *list = strdup(release->processes.n == 0 ? "none" : release->processes.items[0].process);

        for (size_t i = 1; list && i < release->processes.n; i++) {
                _cleanup_free_ char *before = list;

                list = text_format("%s, %s", before, release->processes.items[i].process);
        }
        return list;
}
