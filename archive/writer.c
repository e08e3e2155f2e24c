/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/writer.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/names.h"

int writer_init(Writer *writer, int fd, uint64_t max, bool packed)
{
        assert(writer);

        *writer = (Writer){ .fd = fd, .room = max / 2, .tail.max = max - max / 2 };
        return packed ? packed_new(fd, &writer->packed) : 0;
}

void writer_done(Writer *writer)
{
        assert(writer);

        writer->packed = packed_free(writer->packed);
        tail_done(&writer->tail);
}

static int writer_put_text(Writer *writer, const char *text, size_t size)
{
        return writer->packed ? packed_put(writer->packed, text, size) : fd_write(writer->fd, text, size);
}

static int writer_put(const char *line, size_t size, void *userdata)
{
        Writer *writer = userdata;

        writer->bytes += size;
        return writer_put_text(writer, line, size);
}

int writer_add(Writer *writer, const char *line)
{
        size_t size = strlen(line);

        if (size <= writer->room) {
                writer->room -= size;
                return writer_put(line, size, writer);
        }
        writer->room = 0;
        tail_add(&writer->tail, line, size - strlen("\n"));
        return 0;
}

int writer_end(Writer *writer)
{
        _cleanup_free_ char *gap = NULL;
        int r = 0;

        if (writer->tail.n_lost > 0) {
                gap = tail_describe_gap(&writer->tail, REASON_LOG_MAX);
                r = gap ? writer_put_text(writer, gap, strlen(gap)) : -ENOMEM;
                if (r >= 0)
                        r = writer_put_text(writer, "\n", 1);
        }
        if (r >= 0)
                r = tail_flush(&writer->tail, writer_put, writer);
        return r < 0 || !writer->packed ? r : packed_end(writer->packed);
}
