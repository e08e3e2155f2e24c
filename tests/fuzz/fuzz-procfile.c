/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/procfile.h"

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

/* What is taken can be run, and is the same when it is read once more. */
static void check_again(const Procfile *procfile)
{
        _cleanup_(procfile_freep) Procfile *again = NULL;
        _cleanup_free_ char *error = NULL, *text = strdup("");

        for (size_t i = 0; i < procfile->n_processes; i++) {
                _cleanup_free_ char *before = text;

                expect(procfile->processes[i].command[0] != '\0');
                expect(text_is_clean(procfile->processes[i].command, /* allow_tab= */ true));
                text = text_format("%s%s: %s\n", before, procfile->processes[i].name,
                                   procfile->processes[i].command);
                expect(text);
        }
        if (strlen(text) > PROCFILE_SIZE_MAX)
                return;
        expect(procfile_parse(text, strlen(text), &again, &error) == 0);
        expect(again->n_processes == procfile->n_processes);
        for (size_t i = 0; i < again->n_processes; i++)
                expect(strcmp(again->processes[i].command, procfile->processes[i].command) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        _cleanup_free_ char *error = NULL;
        int r = procfile_parse((const char *) data, size, &procfile, &error);

        expect(r == 0 ? procfile && !error : error && text_is_clean(error, false));
        if (r == 0)
                check_again(procfile);
        return 0;
}
