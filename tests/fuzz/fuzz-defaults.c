/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/defaults.h"

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = text_of(data, size), *error = NULL, *none = NULL;
        _cleanup_(procfile_freep) Procfile *procfile = NULL;
        int r;

        expect(procfile_parse("", 0, &procfile, &none) == 0);
        r = defaults_read(text, procfile, &error);
        expect(r == 0 ? !error : error && text_is_clean(error, false));
        for (size_t i = 0; i < procfile->n_processes; i++)
                expect(text_is_clean(procfile->processes[i].command, /* allow_tab= */ true));
        return 0;
}
