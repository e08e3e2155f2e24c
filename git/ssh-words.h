/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What ssh(1) says, and what a person should read: of its standard error `said`, which a server can write
 * to, too, a sentence about `host`. Caller frees; NULL when out of memory. */
char *ssh_words_explain(const char *said, const char *host);
