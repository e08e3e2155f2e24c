/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ticket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* A URL, a sentence, a few numbers: sixty-four kilobytes are far more than any ticket has. */
#define TICKET_SIZE_MAX ((size_t) 64 * 1024)

typedef struct Line {
        char *key, *value;
} Line;

struct Ticket {
        Line *lines;
        size_t n_lines;
};

Ticket *ticket_new(void)
{
        return calloc(1, sizeof(Ticket));
}

Ticket *ticket_free(Ticket *ticket)
{
        if (!ticket)
                return NULL;
        for (size_t i = 0; i < ticket->n_lines; i++) {
                free(ticket->lines[i].key);
                free(ticket->lines[i].value);
        }
        free(ticket->lines);
        free(ticket);
        return NULL;
}

/* Some keys end with the name of a process. */
#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

static bool key_is_valid(const char *key)
{
        if (key[0] < 'a' || key[0] > 'z')
                return false;
        return key[strspn(key, KEY_CHARACTERS)] == '\0';
}

int ticket_set(Ticket *ticket, const char *key, const char *value)
{
        _cleanup_free_ char *key_copy = NULL, *value_copy = NULL;
        Line *lines;

        assert(ticket);
        assert(key);
        assert(value);

        if (!key_is_valid(key) || !text_is_clean(value, /* allow_tab= */ true) || ticket_get(ticket, key))
                return -EINVAL;

        key_copy = strdup(key);
        value_copy = strdup(value);
        if (!key_copy || !value_copy)
                return -ENOMEM;

        lines = reallocarray(ticket->lines, ticket->n_lines + 1, sizeof(Line));
        if (!lines)
                return -ENOMEM;
        ticket->lines = lines;
        ticket->lines[ticket->n_lines++] = (Line){ TAKE_PTR(key_copy), TAKE_PTR(value_copy) };
        return 0;
}

int ticket_set_u64(Ticket *ticket, const char *key, uint64_t value)
{
        char number[sizeof("18446744073709551615")];

        (void) snprintf(number, sizeof(number), "%" PRIu64, value);
        return ticket_set(ticket, key, number);
}

int ticket_set_list(Ticket *ticket, const char *name, char *const *values, size_t n)
{
        int r = 0;

        assert(values || n == 0);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                _cleanup_free_ char *key = text_format("%s.%zu", name, i + 1);

                r = key ? ticket_set(ticket, key, values[i]) : -ENOMEM;
        }
        return r;
}

int ticket_make(const TicketLine *lines, Ticket **ret)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();
        int r = ticket ? 0 : -ENOMEM;

        assert(lines);
        assert(ret);

        for (; r >= 0 && lines->key; lines++) {
                assert(!lines->text != !lines->number);
                r = lines->text ? ticket_set(ticket, lines->key, lines->text)
                                : ticket_set_u64(ticket, lines->key, *lines->number);
        }
        if (r >= 0)
                *ret = TAKE_PTR(ticket);
        return r;
}

const char *ticket_get(const Ticket *ticket, const char *key)
{
        assert(ticket);
        assert(key);

        for (size_t i = 0; i < ticket->n_lines; i++)
                if (strcmp(ticket->lines[i].key, key) == 0)
                        return ticket->lines[i].value;
        return NULL;
}

int ticket_get_u64(const Ticket *ticket, const char *key, uint64_t max, uint64_t *ret)
{
        const char *value = ticket_get(ticket, key);

        return value ? text_to_u64(value, max, ret) : -ENOENT;
}

int ticket_foreach(const Ticket *ticket, const char *prefix,
                   int (*each)(const char *key, const char *value, void *userdata), void *userdata)
{
        assert(ticket);
        assert(prefix);
        assert(each);

        for (size_t i = 0; i < ticket->n_lines; i++) {
                if (strncmp(ticket->lines[i].key, prefix, strlen(prefix)) != 0)
                        continue;
                int r = each(ticket->lines[i].key, ticket->lines[i].value, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

int ticket_write(const Ticket *ticket, int fd)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0, done = 0;
        struct stat st;
        FILE *stream;

        assert(ticket);
        assert(fd >= 0);

        if (fstat(fd, &st) < 0)
                return -errno;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -errno;
        for (size_t i = 0; i < ticket->n_lines; i++)
                (void) fprintf(stream, "%s=%s\n", ticket->lines[i].key, ticket->lines[i].value);
        (void) fputc('\n', stream);
        if (fclose(stream) != 0)
                return -errno;
        if ((size_t) st.st_size + size > TICKET_SIZE_MAX)
                return -EFBIG;

        while (done < size) {
                ssize_t n = pwrite(fd, text + done, size - done, st.st_size + (off_t) done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        return 0;
}

/* The whole file as one string, NUL bytes refused. */
static int ticket_read_text(int fd, char **ret)
{
        _cleanup_free_ char *text = malloc(TICKET_SIZE_MAX + 1);
        size_t size = 0;

        if (!text)
                return -ENOMEM;
        for (;;) {
                ssize_t n = pread(fd, text + size, TICKET_SIZE_MAX + 1 - size, (off_t) size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > TICKET_SIZE_MAX)
                        return -EFBIG;
        }
        if (memchr(text, 0, size))
                return -EBADMSG;
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

int ticket_read(int fd, unsigned which, Ticket **ret)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL;
        _cleanup_free_ char *text = NULL;
        unsigned section = 0;
        int r;

        assert(fd >= 0);
        assert(ret);

        r = ticket_read_text(fd, &text);
        if (r < 0)
                return r;
        assert(text);
        ticket = ticket_new();
        if (!ticket)
                return -ENOMEM;

        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (line == end) {
                        if (section++ < which)
                                continue;
                        *ret = TAKE_PTR(ticket);
                        return 0;
                }
                if (section < which)
                        continue;

                char *equals = strchr(line, '=');
                if (!equals)
                        return -EBADMSG;
                *equals = '\0';
                r = ticket_set(ticket, line, equals + 1);
                if (r < 0)
                        return r == -EINVAL ? -EBADMSG : r;
        }
        return -ENODATA;
}
