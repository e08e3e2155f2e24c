/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a repository is reached with: the unit's credentials (systemd.exec(5), LoadCredential=). Nothing of
 * it is in the request, the arguments or the environment. */

#include "git/problem.h"

typedef struct Credential {
        char *token;       /* a password or token for https; NULL = none */
        char *key;         /* a private key for ssh; NULL = none */
        bool misplaced;    /* there is one, but of another server or kind: it is neither of these */
        char *known_hosts; /* lines of known_hosts: the repository's own, or those that deployd comes with */
} Credential;

#define CREDENTIAL_MISPLACED                                                                                 \
        "authentication is required, and the credential of the repository is for another server or kind of " \
        "address: 'deployctl repo credential NAME' gives one"

/* Reads those of the unit, for that address; of a unit without credentials, none. 0, or a negative errno
 * with *problem set, which hides the token from then on. Release with credential_done() in either case. */
int credential_read(const char *url, Credential *ret, Problem *problem);

void credential_done(Credential *credential);
