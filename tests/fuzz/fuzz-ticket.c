/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ticket.h"

#include <errno.h>

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

static int is_in(const char *key, const char *value, void *userdata)
{
        const char *other = ticket_get(userdata, key);

        expect(text_is_clean(value, /* allow_tab= */ true));
        expect(other && strcmp(other, value) == 0);
        return 0;
}

/* What is taken is the same when it is written and read once more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL, *again = NULL;
        _cleanup_close_ int fd = file_of(data, size), copy_fd = file_of(NULL, 0);
        int r = ticket_read(fd, TICKET_ANSWER, &ticket);

        expect(r == 0 || r == -ENODATA || r == -EFBIG || r == -EBADMSG);
        if (r < 0)
                return 0;
        expect(ticket_write(ticket, copy_fd) == 0);
        expect(ticket_read(copy_fd, TICKET_REQUEST, &again) == 0);
        expect(ticket_foreach(ticket, "", is_in, again) == 0);
        expect(ticket_foreach(again, "", is_in, ticket) == 0);
        return 0;
}
