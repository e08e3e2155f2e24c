/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream of bytes, packed by zstd. */

#include "base/cleanup.h"

typedef struct Packed Packed;

/* Packs what is put in into `fd`, which stays the caller's. 0 or -ENOMEM. */
int packed_new(int fd, Packed **ret);
Packed *packed_free(Packed *packed);
DEFINE_CLEANUP(Packed *, packed_free);

/* 0; -errno of write(2); -EIO if zstd fails. */
int packed_put(Packed *packed, const void *data, size_t size);
/* Writes what is left, the end mark and the checksum. 0 or as above. */
int packed_end(Packed *packed);

/* Unpacks `from` into `to`. 0; -EBADMSG if it is damaged or cut off; -errno of read(2) or write(2). */
int packed_read(int from, int to);
