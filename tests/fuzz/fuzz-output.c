/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failure-line.h"
#include "builder/lines.h"
#include "tests/fuzz/fuzz.h"

static void take(const char *line, void *userdata)
{
        expect(strlen(line) <= LINE_BYTES_MAX + 1 && !strchr(line, '\n'));
        failure_line_add(userdata, line);
}

/* What a build prints, in pieces as a pipe gives them: its lines, and the one that is the reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(failure_line_done) FailureLine failure = { 0 };
        size_t piece = size > 0 ? (size_t) data[0] + 1 : 1;
        const char *reason;
        Lines lines = { 0 };

        for (size_t at = 0; at < size; at += piece)
                lines_add(&lines, (const char *) data + at, MIN2(piece, size - at), take, &failure);
        lines_end(&lines, take, &failure);
        reason = failure_line_get(&failure);
        expect(!reason || strlen(reason) <= FAILURE_LINE_BYTES_MAX);
        return 0;
}
