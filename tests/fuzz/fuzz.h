/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A target is given bytes of libFuzzer's making, and aborts where what it tests breaks its word. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether NDEBUG is set or not. */
#define expect(condition)         \
        do {                      \
                if (!(condition)) \
                        abort();  \
        } while (false)

/* The bytes with a NUL behind them, in memory of just that size. The caller frees. */
static inline char *text_of(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);

        expect(text);
        memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

/* The bytes as a file, read from its start. The caller closes. */
static inline int file_of(const uint8_t *data, size_t size)
{
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        expect(fd >= 0 && fd_write(fd, data, size) >= 0 && lseek(fd, 0, SEEK_SET) == 0);
        return fd;
}
