/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/url.h"

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = text_of(data, size);
        Problem problem = { .kind = PROBLEM_INTERNAL };
        Url url;
        int r = url_parse(text, "http https ssh git", "/srv /tmp", &url, &problem);

        if (r < 0) {
                expect(problem.text && text_is_clean(problem.text, false));
                /* A network address may have a password in it. */
                expect(url.local || strlen(text) < 12 || !strstr(problem.text, text));
        } else
                expect(url.address && text_is_clean(url.address, false) && !problem.text);
        url_done(&url);
        problem_clear(&problem);
        return 0;
}
