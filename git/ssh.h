/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ssh(1) as a transport of libgit2. The ssh of libgit2 itself, by libssh2 of Debian 12, fails with keys of
 * RSA, with hardened servers and with those that have no other host key than RSA. */

#include "git/credential.h"
#include "git/url.h"

/* From now on, libgit2 fetches what is of ssh:// by ssh(1), from that server with the credential's key,
 * knowing its hosts. Both are borrowed until the next call. Nothing is waited for longer than
 * `silence_usec`. 0, or a negative errno with *problem set, also if there is no key. */
int ssh_setup(const Url *url, const Credential *credential, uint64_t silence_usec, Problem *problem);

/* Notes what ssh(1) said when it failed, as a sentence. Returns like problem_set(); 0 if it has not failed.
 */
int ssh_problem(Problem *problem);
