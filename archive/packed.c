/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fd.h"

struct Packed {
        int fd;
        ZSTD_CStream *stream;
        size_t room;
        uint8_t *output;
};

Packed *packed_free(Packed *packed)
{
        if (!packed)
                return NULL;
        (void) ZSTD_freeCStream(packed->stream);
        free(packed->output);
        free(packed);
        return NULL;
}

int packed_new(int fd, Packed **ret)
{
        _cleanup_(packed_freep) Packed *packed = calloc(1, sizeof(Packed));

        assert(fd >= 0);
        assert(ret);

        if (!packed)
                return -ENOMEM;
        *packed = (Packed){ .fd = fd, .stream = ZSTD_createCStream(), .room = ZSTD_CStreamOutSize() };
        packed->output = malloc(packed->room);
        if (!packed->stream || !packed->output ||
            ZSTD_isError(ZSTD_CCtx_setParameter(packed->stream, ZSTD_c_checksumFlag, 1)))
                return -ENOMEM;
        *ret = TAKE_PTR(packed);
        return 0;
}

static int packed_push(Packed *packed, const void *data, size_t size, ZSTD_EndDirective end)
{
        ZSTD_inBuffer in = { data, size, 0 };
        size_t left;

        do {
                ZSTD_outBuffer out = { packed->output, packed->room, 0 };
                int r;

                left = ZSTD_compressStream2(packed->stream, &out, &in, end);
                if (ZSTD_isError(left))
                        return -EIO;
                r = fd_write(packed->fd, packed->output, out.pos);
                if (r < 0)
                        return r;
        } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
        return 0;
}

int packed_put(Packed *packed, const void *data, size_t size)
{
        assert(packed);
        return packed_push(packed, data, size, ZSTD_e_continue);
}

int packed_end(Packed *packed)
{
        assert(packed);
        return packed_push(packed, NULL, 0, ZSTD_e_end);
}

/* Unpacks with buffers of the sizes zstd likes best. */
static int packed_unpack(ZSTD_DStream *stream, int from, int to, void *in_data, void *out_data)
{
        size_t left = 1; /* until the end mark */

        for (;;) {
                ssize_t n = read(from, in_data, ZSTD_DStreamInSize());
                ZSTD_inBuffer in = { in_data, n < 0 ? 0 : (size_t) n, 0 };

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return left == 0 ? 0 : -EBADMSG;
                while (in.pos < in.size) {
                        ZSTD_outBuffer out = { out_data, ZSTD_DStreamOutSize(), 0 };
                        int r;

                        left = ZSTD_decompressStream(stream, &out, &in);
                        if (ZSTD_isError(left))
                                return -EBADMSG;
                        r = fd_write(to, out_data, out.pos);
                        if (r < 0)
                                return r;
                }
        }
}

int packed_read(int from, int to)
{
        _cleanup_free_ void *in_data = malloc(ZSTD_DStreamInSize());
        _cleanup_free_ void *out_data = malloc(ZSTD_DStreamOutSize());
        ZSTD_DStream *stream = ZSTD_createDStream();
        int r = in_data && out_data && stream ? packed_unpack(stream, from, to, in_data, out_data) : -ENOMEM;

        (void) ZSTD_freeDStream(stream);
        return r;
}
