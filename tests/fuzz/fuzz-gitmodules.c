/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/gitmodules.h"

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *address = NULL, *resolved = NULL;
        Problem problem = { .kind = PROBLEM_INTERNAL };
        int r = gitmodules_find((const char *) data, size, "lib", &address, &problem);

        expect(r < 0 ? problem.text != NULL : address && !problem.text);
        if (r >= 0)
                r = gitmodules_resolve("https://git.example/a/b.git", address, &resolved, &problem);
        expect(r < 0 ? problem.text != NULL : resolved && !problem.text);
        expect(!problem.text || text_is_clean(problem.text, false));
        problem_clear(&problem);
        return 0;
}
