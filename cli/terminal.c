/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/terminal.h"

#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

enum {
        WIDTH_UNKNOWN = 80,   /* the width of a VT100 */
        WIDTH_MAX = 10 * 1000 /* nobody has more, and it bounds what is kept for one line */
};

bool terminal_is_live(void)
{
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && !text_is_empty(term) && strcmp(term, "dumb") != 0;
}

bool terminal_has_colours(void)
{
        return terminal_is_live() && text_is_empty(getenv("NO_COLOR"));
}

size_t terminal_width(void)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size = { 0 };
        uint64_t width;

        if (columns && text_to_u64(columns, WIDTH_MAX, &width) == 0 && width > 0)
                return (size_t) width;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        return WIDTH_UNKNOWN;
}

bool terminal_has_unicode(void)
{
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool output_reader_is_gone(void)
{
        struct pollfd output = { .fd = STDOUT_FILENO };

        return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP));
}
