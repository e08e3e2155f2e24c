/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The credentials of repositories: the one place that reads and writes them.
 *
 *      PATH_CREDENTIALS/ID/credential      a token or private key, bound to its server
 * (base/credential-kind.h) PATH_CREDENTIALS/ID/known-hosts     host keys, as sshd(8) has them
 */

#include "daemon/pipeline/internal.h"

/* Keeps `text` as the credential of the repository, for its address of now, whole or not at all; "" = none.
 * Repository.has_credential follows. 0 or -errno. */
int credential_write(Repository *repository, const char *text);
/* The same with lines of known_hosts. */
int credential_write_known_hosts(const Repository *repository, const char *text);

/* Looks again whether the repository has a credential for its address. */
void credential_look(Repository *repository);

/* What the unit of a fetch is handed: paths, NULL = there is none. Caller frees. 0 or -ENOMEM. */
int credential_find(const Repository *repository, char **ret_secret, char **ret_known_hosts);

/* The repository was removed: all of it goes. What fails is logged. */
void credential_forget(const Repository *repository);

/* At start: looks at those of all repositories. */
void credential_look_all(const Model *model);
