/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/release.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/valid-name.h"

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

const char *release_first_process(const Release *release)
{
        assert(release);

        for (size_t i = 0; i < release->processes.n; i++)
                if (strcmp(release->processes.items[i].process, PROCESS_RELEASE) != 0)
                        return release->processes.items[i].process;
        return NULL;
}

char *release_list_processes(const Release *release)
{
        char *list = strdup("");

        for (size_t i = 0; list && i < release->processes.n; i++) {
                const char *process = release->processes.items[i].process;
                _cleanup_free_ char *before = NULL;

                if (strcmp(process, PROCESS_RELEASE) == 0)
                        continue;
                before = list;
                list = text_format("%s%s%s", before, before[0] ? ", " : "", process);
        }
        if (list && list[0] == '\0' && text_replace(&list, "none") < 0) {
                free(list);
                return NULL;
        }
        return list;
}
