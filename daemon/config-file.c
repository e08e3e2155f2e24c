/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/text.h"

/* The example with all its comments has some 8 KiB; thirty times that is no configuration any more. */
#define CONFIG_SIZE_MAX ((size_t) 256 * 1024)

#define BLANKS          " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A key whose value may go on in the next line. */
typedef struct Pending {
        char *section, *name, *value;
        unsigned first, last;
} Pending;

typedef struct Reader {
        char *path; /* fit to be shown */
        char *text; /* the whole file */
        size_t size, offset;
        unsigned line;
        Pending pending;

        /* The first failure ends the reading: config_file_read_line() then says that the file is over. */
        int error;
        unsigned error_line;
        char *sentence;

        ConfigAssign assign;
        void *userdata;
} Reader;

static void pending_clear(Pending *pending)
{
        free(pending->section);
        free(pending->name);
        free(pending->value);
        *pending = (Pending){};
}

static void reader_release(Reader *reader)
{
        pending_clear(&reader->pending);
        free(reader->path);
        free(reader->text);
        free(reader->sentence);
}

/* Takes ownership of `sentence`; NULL means that there was no memory for it. */
static void reader_fail(Reader *reader, unsigned line, int error, char *sentence)
{
        assert(error < 0);
        assert(!reader->sentence);

        reader->error = sentence ? error : -ENOMEM;
        reader->error_line = line;
        reader->sentence = sentence;
}

static void reader_refuse(Reader *reader, unsigned line, const char *what)
{
        reader_fail(reader, line, -EINVAL, text_format("%s:%u: %s.", reader->path, line, what));
}

/* The key that is pending has no further lines. */
static void reader_flush(Reader *reader)
{
        Pending *pending = &reader->pending;
        char *sentence = NULL;
        int r;

        if (!pending->name)
                return;
        r = reader->assign(reader->userdata, reader->path, pending->first, pending->last, pending->section,
                           pending->name, pending->value, &sentence);
        if (r < 0)
                reader_fail(reader, pending->first, r, sentence);
        pending_clear(pending);
}

/* inih takes `[a] x = 1` for `[a]` and drops the rest. */
static bool is_section_with_rest(const char *line)
{
        const char *end = line[0] == '[' ? strchr(line, ']') : NULL;

        if (!end)
                return false;
        end += 1 + strspn(end + 1, BLANKS);
        return *end && *end != ';' && *end != '#';
}

/* inih keeps so many bytes of the name of a section. */
#define SECTION_MAX 49

static bool is_long_section(const Reader *reader, const char *line)
{
        const char *start = line + strspn(line, BLANKS);

        /* An indented line goes on with the value of a key. */
        return start[0] == '[' && (start == line || !reader->pending.name) &&
               strcspn(start + 1, "]") > SECTION_MAX;
}

/* inih's fgets(). Its buffer decides how long a line may be (200 bytes in Debian), and inih itself would
 * take the rest of a longer line for a line of its own. */
static char *config_file_read_line(char *buffer, int size, void *userdata)
{
        Reader *reader = userdata;
        const char *start = reader->text + reader->offset, *end;
        const size_t length_max = (size_t) size - strlen("\n") - 1;
        size_t left = reader->size - reader->offset, length;

        assert(size > 2);

        if (reader->error < 0 || left == 0)
                return NULL;

        end = memchr(start, '\n', left);
        length = end ? (size_t) (end - start) : left;
        reader->offset += length + (end ? 1 : 0);
        reader->line++;
        if (length > 0 && start[length - 1] == '\r')
                length--;

        if (length > length_max) {
                reader_fail(reader, reader->line, -EINVAL,
                            text_format("%s:%u: The line has %zu bytes, at most %zu are allowed.",
                                        reader->path, reader->line, length, length_max));
                return NULL;
        }
        *(char *) mempcpy(buffer, start, length) = '\0';

        if (strlen(buffer) < length || !text_is_clean(buffer, /* allow_tab= */ true)) {
                reader_refuse(
                        reader, reader->line,
                        "The line is not clean text, only UTF-8 without control characters is allowed");
                return NULL;
        }
        if (is_long_section(reader, buffer)) {
                reader_refuse(reader, reader->line, "No section has such a long name");
                return NULL;
        }
        if (is_section_with_rest(buffer)) {
                reader_refuse(reader, reader->line, "After a section only a comment is allowed");
                return NULL;
        }

        /* The rule by which inih goes on with the value: indented, and neither blank nor a comment. */
        if (buffer[0] && !strchr(BLANKS ";#", buffer[0]))
                reader_flush(reader);
        buffer[length] = '\n';
        buffer[length + 1] = '\0';
        return buffer;
}

/* inih cuts these from the first line of a value, but not from those that follow. */
static size_t length_without_comment(const char *line)
{
        for (const char *sign = line; (sign = strchr(sign, ';')); sign++)
                if (sign > line && strchr(BLANKS, sign[-1])) {
                        while (sign > line && strchr(BLANKS, sign[-1]))
                                sign--;
                        return (size_t) (sign - line);
                }
        return strlen(line);
}

/* inih's handler: a key, or again the same key with a further line of its value. Returns 1, "go on", always:
 * what failed is in the reader, and inih's own count of errors is left to what inih could not read. */
static int take_value(void *userdata, const char *section, const char *name, const char *value)
{
        Reader *reader = userdata;
        Pending *pending = &reader->pending;

        if (reader->error < 0)
                return 1;

        if (pending->name) {
                char *longer = text_format("%s%s%.*s", pending->value, *pending->value ? " " : "",
                                           (int) length_without_comment(value), value);

                free(pending->value);
                pending->value = longer;
                pending->last = reader->line;
                if (!longer)
                        reader_fail(reader, reader->line, -ENOMEM, NULL);
                return 1;
        }

        if (!*name) {
                reader_refuse(reader, reader->line, "There is no key before the =");
                return 1;
        }
        *pending = (Pending){
                .section = strdup(section),
                .name = strdup(name),
                .value = strdup(value),
                .first = reader->line,
                .last = reader->line,
        };
        if (!pending->section || !pending->name || !pending->value)
                reader_fail(reader, reader->line, -ENOMEM, NULL);
        return 1;
}

/* The whole file. /dev/null counts as an empty one, as it does for systemd. O_NONBLOCK: a FIFO must not stop
 * us. */
static int config_file_read_text(const char *path, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -1;
        struct stat st;
        size_t size = 0;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
                return -EBADF;

        text = malloc(CONFIG_SIZE_MAX + 1);
        if (!text)
                return -ENOMEM;
        for (;;) {
                ssize_t n = read(fd, text + size, CONFIG_SIZE_MAX + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > CONFIG_SIZE_MAX)
                        return -EFBIG;
        }
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

static char *config_file_unreadable(const char *path, int error)
{
        if (error == -EFBIG)
                return text_format("%s: The file has over %zu bytes, which no configuration needs.", path,
                                   CONFIG_SIZE_MAX);
        if (error == -EBADF)
                return text_format("%s: Not a regular file.", path);
        return text_format("%s: Cannot be read: %s.", path, strerror(-error));
}

int config_file_read(const char *path, ConfigAssign assign, void *userdata, char **reterr)
{
        _cleanup_(reader_release) Reader reader = { .assign = assign, .userdata = userdata };
        int r;

        assert(path);
        assert(assign);
        assert(reterr);

        *reterr = NULL;
        reader.path = text_sanitize(path, PATH_MAX);
        if (!reader.path)
                return -ENOMEM;

        r = config_file_read_text(path, &reader.text, &reader.size);
        if (r < 0) {
                *reterr = r == -ENOMEM ? NULL : config_file_unreadable(reader.path, r);
                return *reterr ? r : -ENOMEM;
        }

        if (reader.size >= strlen(BYTE_ORDER_MARK) &&
            memcmp(reader.text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
                reader.offset = strlen(BYTE_ORDER_MARK);

        r = ini_parse_stream(config_file_read_line, &reader, take_value, &reader);
        if (reader.error == 0)
                reader_flush(&reader);

        /* What inih could not read comes first if it is further up. */
        if (r > 0 && (reader.error == 0 || (unsigned) r < reader.error_line)) {
                *reterr =
                        text_format("%s:%d: Neither a section in brackets nor key = value.", reader.path, r);
                return *reterr ? -EINVAL : -ENOMEM;
        }
        if (r < 0)
                return -ENOMEM;
        *reterr = TAKE_PTR(reader.sentence);
        return reader.error;
}
