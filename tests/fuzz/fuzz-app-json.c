/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/app-json.h"

#include <errno.h>

#include "base/text.h"
#include "base/ticket.h"
#include "tests/fuzz/fuzz.h"

/* What is taken fits into a ticket, for the daemon reads it from there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(ticket_freep) Ticket *answer = ticket_new(), *again = NULL;
        _cleanup_(app_scripts_clear) AppScripts scripts = {};
        _cleanup_free_ char *error = NULL;
        _cleanup_close_ int fd = file_of(NULL, 0);
        int r;

        expect(answer);
        r = app_json_parse((const char *) data, size, answer, &scripts, &error);
        if (r < 0) {
                expect(error && text_is_clean(error, false));
                return 0;
        }
        expect(!error);
        expect(ticket_write(answer, fd) == 0);
        r = ticket_read(fd, TICKET_REQUEST, &again);
        expect(r == 0 || r == -EFBIG);
        return 0;
}
