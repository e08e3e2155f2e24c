/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SHA-256 (FIPS 180-4), from libgcrypt: libsystemd brings it into every program of the house already, so it
 * costs no new library. The kernel's (AF_ALG) is no choice: the import unit may open no socket of any
 * family.
 */

#include "base/cleanup.h"

typedef struct Sha256 Sha256;

/* 64 lower-case hexadecimal digits and the NUL. */
typedef struct Sha256Text {
        char text[65];
} Sha256Text;

/* NULL when out of memory (or when the library refuses the algorithm, which it has no reason to). */
Sha256 *sha256_new(void);
/* HMAC-SHA-256 (RFC 2104) with that key. */
Sha256 *sha256_new_keyed(const void *key, size_t size);
Sha256 *sha256_free(Sha256 *sha);
DEFINE_CLEANUP(Sha256 *, sha256_free);

void sha256_add(Sha256 *sha, const void *data, size_t size);

/* The digest of what was added; the next one begins empty. */
Sha256Text sha256_finish(Sha256 *sha);
