/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* FNV-1a, 64 bits: draft-eastlake-fnv. It tells texts of ours apart and protects from nobody. */

#include <string.h>

#include "base/macro.h"

/* The hash of nothing. */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* The hash of what `hash` is of, with `size` bytes more. */
static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t size)
{
        for (const uint8_t *byte = bytes, *end = byte + size; byte < end; byte++)
                hash = (hash ^ *byte) * HASH_PRIME;
        return hash;
}

static inline uint64_t hash_text(const char *text)
{
        return hash_add(HASH_BASIS, text, strlen(text));
}
