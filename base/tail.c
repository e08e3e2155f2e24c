/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/tail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

void tail_done(Tail *tail)
{
        assert(tail);

        free(tail->ring);
        *tail = (Tail){ .max = tail->max };
}

/* Copies bytes out of the ring, from `offset` behind the oldest line's first byte. */
static void ring_get(const Tail *tail, size_t offset, char *target, size_t size)
{
        size_t at = (tail->start + offset) % tail->max, first = MIN2(size, tail->max - at);

        memcpy(target, tail->ring + at, first);
        memcpy(target + first, tail->ring, size - first);
}

static void ring_put(Tail *tail, const char *data, size_t size)
{
        size_t at = (tail->start + tail->size) % tail->max, first = MIN2(size, tail->max - at);

        memcpy(tail->ring + at, data, first);
        memcpy(tail->ring, data + first, size - first);
        tail->size += size;
}

/* Bytes of the line that begins at `offset`, with its newline. */
static size_t ring_line_size(const Tail *tail, size_t offset)
{
        size_t size = 0;

        while (tail->ring[(tail->start + offset + size) % tail->max] != '\n')
                size++;
        return size + 1;
}

static void tail_drop(Tail *tail)
{
        size_t size = ring_line_size(tail, 0);

        tail->start = (tail->start + size) % tail->max;
        tail->size -= size;
        tail->n--;
        tail->n_lost++;
}

void tail_add(Tail *tail, const char *line, size_t size)
{
        assert(tail);
        assert(line || size == 0);

        if (!tail->ring && tail->max > 0)
                tail->ring = malloc(tail->max);
        if (!tail->ring || size >= tail->max) {
                tail->n_lost++;
                return;
        }
        while (tail->max - tail->size < size + 1)
                tail_drop(tail);
        ring_put(tail, line, size);
        ring_put(tail, "\n", 1);
        tail->n++;
}

char *tail_describe_gap(const Tail *tail, const char *why)
{
        assert(tail);
        assert(why);

        return text_format("(%" PRIu64 " %s missing here: %s)", tail->n_lost,
                           tail->n_lost == 1 ? "line is" : "lines are", why);
}

int tail_flush(Tail *tail, int (*each)(const char *line, size_t size, void *userdata), void *userdata)
{
        int r = 0;

        assert(tail);
        assert(each);

        for (size_t offset = 0; r == 0 && offset < tail->size;) {
                size_t size = ring_line_size(tail, offset);
                _cleanup_free_ char *line = malloc(size + 1);

                if (!line)
                        r = -ENOMEM;
                else {
                        ring_get(tail, offset, line, size);
                        line[size] = '\0';
                        r = each(line, size, userdata);
                }
                offset += size;
        }
        tail_done(tail);
        return r;
}
