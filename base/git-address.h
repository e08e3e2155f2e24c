/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The address of a git repository as people write it, made the one form that is kept. Whether it is allowed
 * is for others to say. */

#include "base/macro.h"

typedef struct GitAddress {
        char *url; /* USER@HOST:PATH as ssh://USER@HOST/PATH, and without the password; else as it was */
        char *password; /* what was split off, decoded: a password, or a token in the place of the user; NULL
                         * = none */
} GitAddress;

/* Takes `text`, which is clean UTF-8, apart. 0 with *ret filled; -EINVAL with a constant sentence in
 * *ret_wrong that says what to type instead; -ENOMEM. Release *ret with git_address_done() in either case.
 */
int git_address_read(const char *text, GitAddress *ret, const char **ret_wrong);
void git_address_done(GitAddress *address);

/* What a URL is sent to, without user and path: `https://HOST:PORT`, the scheme and host in lower case, also
 * of one without a port. Caller frees; NULL when out of memory. */
char *git_address_origin(const char *url);

bool git_address_is_ssh(const char *url);
/* Over https, or http on this machine alone (127.0.0.1, localhost, ::1), a password may be sent. */
bool git_address_takes_password(const char *url);
