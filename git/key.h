/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/problem.h"

/* Has ssh-keygen(1) make a pair of ed25519: the private half is written to `fd`, the line of the public one
 * comes back in *ret (caller frees). 0, or a negative errno with *problem set. */
int key_make(int fd, char **ret, Problem *problem);
