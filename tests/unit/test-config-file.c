/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a file becomes keys and values: what inih does, what our reader adds, and what is refused. */

#include "daemon/config-file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Debian's inih reads lines into 200 bytes, of which two are for the newline and the end. */
#define LINE_MAX_BYTES ((size_t) 198)

#define FILE_MAX_BYTES ((size_t) 256 * 1024)

/* What was read, as `[section]name=value@first-last` lines. */
typedef struct Reading {
        char *keys, *sentence;
        int result;
} Reading;

static void reading_release(Reading *reading)
{
        free(reading->keys);
        free(reading->sentence);
}

static int note(void *userdata, const char *path _unused_, unsigned first, unsigned last,
                const char *section, const char *name, const char *value, char **reterr)
{
        Reading *reading = userdata;
        char *keys;

        if (strcmp(value, "refuse") == 0) {
                *reterr = strdup("refused");
                return -EDOM;
        }
        keys = text_format("%s[%s]%s=%s@%u-%u\n", reading->keys, section, name, value, first, last);
        free(reading->keys);
        reading->keys = keys;
        return keys ? 0 : -ENOMEM;
}

static Reading read_path(const char *path)
{
        Reading reading = { .keys = strdup("") };

        reading.result = config_file_read(path, note, &reading, &reading.sentence);
        cr_assert_eq(reading.result == 0, !reading.sentence, "%s", text_or_empty(reading.sentence));
        return reading;
}

static Reading read_bytes(const char *text, size_t size)
{
        _cleanup_close_ int fd = memfd_create("deploy.conf", MFD_CLOEXEC);
        char path[64];

        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, size), (ssize_t) size);
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return read_path(path);
}

static void expect_keys(const char *text, const char *keys)
{
        _cleanup_(reading_release) Reading reading = read_bytes(text, strlen(text));

        cr_expect_eq(reading.result, 0, "%s", text_or_empty(reading.sentence));
        cr_expect_str_eq(reading.keys, keys, "“%s” gave “%s”", text, reading.keys);
}

/* The sentence names the line and has `part` in it. */
static void expect_refused_bytes(const char *text, size_t size, unsigned line, const char *part)
{
        _cleanup_(reading_release) Reading reading = read_bytes(text, size);
        _cleanup_free_ char *place = text_format(":%u: ", line);

        cr_assert_eq(reading.result, -EINVAL, "“%s”", text);
        cr_expect_not_null(strstr(reading.sentence, place), "%s", reading.sentence);
        cr_expect_not_null(strstr(reading.sentence, part), "%s", reading.sentence);
        cr_expect(text_is_clean(reading.sentence, false));
}

static void expect_refused(const char *text, unsigned line, const char *part)
{
        expect_refused_bytes(text, strlen(text), line, part);
}

/* inih would cut the name, in the middle of a character, too. */
Test(config_file, a_section_has_no_longer_name_than_inih_takes)
{
#define NAME_47 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        expect_keys("[" NAME_47 "aa]\nx = 1\n", "[" NAME_47 "aa]x=1@2-2\n");
        expect_refused("[" NAME_47 "aaa]\nx = 1\n", 1, "No section has such a long name");
        expect_refused("\n  [" NAME_47 "aä]\nx = 1\n", 2, "No section has such a long name");
        expect_keys("[a]\nx = 1\n  [" NAME_47 "aaa]\n", "[a]x=1 [" NAME_47 "aaa]@2-3\n");
}

Test(config_file, sections_and_keys)
{
        expect_keys("early = 1\n[a]\nx=1\ny : 2\n  [b]  \n\tz\t=\t3\t\n",
                    "[]early=1@1-1\n[a]x=1@3-3\n[a]y=2 [b] z\t=\t3@4-6\n");
        expect_keys("[a]\n\n[b]\nx = y = z\n[a]\nx =\n", "[b]x=y = z@4-4\n[a]x=@6-6\n");
}

Test(config_file, an_empty_file_and_one_of_comments_have_no_keys)
{
        expect_keys("", "");
        expect_keys("\n\n", "");
        expect_keys("# a\n; b\n  # c\n\t; d\n[a]\n#x = 1\n", "");
}

Test(config_file, the_last_line_needs_no_newline)
{
        expect_keys("[a]\nx = 1", "[a]x=1@2-2\n");
}

Test(config_file, lines_may_end_with_carriage_return_and_newline)
{
        expect_keys("[a]\r\nx = 1\r\n  2\r\n\r\ny = 3\r\n", "[a]x=1 2@2-3\n[a]y=3@5-5\n");
}

Test(config_file, a_byte_order_mark_is_tolerated_at_the_start_only)
{
        expect_keys("\xef\xbb\xbf[a]\nx = 1\n", "[a]x=1@2-2\n");
        expect_keys("\xef\xbb\xbfx = 1\n", "[]x=1@1-1\n");
        expect_keys("\xef\xbb\xbf", "");
        expect_refused("\xef\xbb\xbf[a] x = 1\n", 1, "After a section");
        expect_keys("\n\xef\xbb\xbfx = 1\n", "[]\xef\xbb\xbfx=1@2-2\n");
}

Test(config_file, a_semicolon_after_a_blank_begins_a_comment)
{
        expect_keys("x = a ; b\ny = a;b\nz =;b\nw = ;b\nv = a\t;b\n",
                    "[]x=a@1-1\n[]y=a;b@2-2\n[]z=;b@3-3\n[]w=@4-4\n[]v=a@5-5\n");
        expect_keys("[a] ; b\nx = 1\n[c] # d\ny = 2\n", "[a]x=1@2-2\n[c]y=2@4-4\n");
}

Test(config_file, a_number_sign_in_a_value_is_part_of_it)
{
        expect_keys("x = a # b\ny = #\n", "[]x=a # b@1-1\n[]y=#@2-2\n");
}

Test(config_file, an_indented_line_continues_the_value)
{
        expect_keys("x = a\n  b\n\tc = d\ny = e\n", "[]x=a b c = d@1-3\n[]y=e@4-4\n");
        expect_keys("x =\n  a\n", "[]x=a@1-2\n");
        expect_keys("x = a\n  b\n", "[]x=a b@1-2\n");
        expect_keys("x = a\n\n# comment\n  # comment\n  b\n", "[]x=a b@1-5\n");
        expect_keys("x = a ; c\n  b;c ; d\n  e\n", "[]x=a b;c e@1-3\n");
}

Test(config_file, a_section_ends_the_value_before_it)
{
        expect_keys("[a]\nx = 1\n[a]\n  x = 2\n", "[a]x=1@2-2\n[a]x=2@4-4\n");
        expect_keys("[a]\nx = 1\n[b]\n  [c]\n  y = 2\n", "[a]x=1@2-2\n[c]y=2@5-5\n");
}

Test(config_file, a_long_value_can_be_continued)
{
        _cleanup_free_ char *text = NULL, *keys = NULL;
        char word[LINE_MAX_BYTES - 3];

        memset(word, 'w', sizeof(word) - 1);
        word[sizeof(word) - 1] = '\0';
        text = text_format("x =\n  %s\n  %s\n  %s\n", word, word, word);
        keys = text_format("[]x=%s %s %s@1-4\n", word, word, word);
        expect_keys(text, keys);
}

/* `x = ` and so many w that the line has `length` bytes. */
static char *line_of(size_t length)
{
        char *line = malloc(length + 1);

        cr_assert_not_null(line);
        memset(line, 'w', length);
        memcpy(line, "x = ", 4);
        line[length] = '\0';
        return line;
}

Test(config_file, an_over_long_line_is_refused_with_its_number)
{
        for (size_t length = LINE_MAX_BYTES - 1; length <= LINE_MAX_BYTES + 2; length++) {
                _cleanup_free_ char *line = line_of(length), *text = text_format("[a]\n%s\ny = 2\n", line),
                                    *windows = text_format("[a]\r\n%s\r\ny = 2\r\n", line),
                                    *keys = text_format("[a]%.1s=%s@2-2\n[a]y=2@3-3\n", line, line + 4);

                if (length <= LINE_MAX_BYTES) {
                        expect_keys(text, keys);
                        expect_keys(windows, keys);
                } else {
                        expect_refused(text, 2, "198");
                        expect_refused(windows, 2, "198");
                }
        }
}

Test(config_file, an_over_long_comment_or_section_or_last_line_is_refused_too)
{
        _cleanup_free_ char *line = line_of(5000), *comment = text_format("#%s\nx = 1\n", line),
                            *section = text_format("\n[%s]\n", line), *last = text_format("\n\n%s", line);

        expect_refused(comment, 1, "5001 bytes");
        expect_refused(section, 2, "5002 bytes");
        expect_refused(last, 3, "5000 bytes");
}

Test(config_file, what_is_no_clean_text_is_refused_with_its_line)
{
        expect_refused("[a]\nx = \xff\n", 2, "UTF-8");
        expect_refused("[a]\nx = \xc0\xaf\n", 2, "UTF-8");
        expect_refused("x = 1\n# caf\xe9\n", 2, "UTF-8");
        expect_refused("x = \x1b[0m\n", 1, "control");
        expect_refused("x = 1\ry = 2\n", 1, "control");
        expect_refused("x = 1\fy\n", 1, "control");
        expect_refused("x = 1\r\r\n", 1, "control");
        expect_refused_bytes("x = 1\ny = \0 2\n", strlen("x = 1\ny = ") + 4, 2, "control");
        expect_refused_bytes("\0", 1, 1, "control");
        expect_keys("x = größer\n", "[]x=größer@1-1\n");
}

Test(config_file, what_is_neither_section_nor_key_is_refused_with_its_line)
{
        expect_refused("[a]\nx = 1\nnothing\ny = 2\n", 3, "Neither");
        expect_refused("[a\nx = 1\n", 1, "Neither");
        expect_refused("x = 1\n[a] y = 2\n", 2, "After a section");
        expect_refused("x = 1\n= 2\n  z = 3\n", 2, "no key");
}

Test(config_file, the_first_failure_is_the_one_reported)
{
        _cleanup_(reading_release) Reading reading = read_bytes("x = refuse\nnothing\n", 19);

        cr_expect_eq(reading.result, -EDOM);
        cr_expect_str_eq(reading.sentence, "refused");
        expect_refused("nothing\nx = refuse\n", 1, "Neither");
        expect_refused("nothing\nx = \xff\n", 1, "Neither");
        expect_refused("x = \xff\nnothing\n", 1, "UTF-8");
}

Test(config_file, a_refused_value_at_the_end_is_noticed)
{
        _cleanup_(reading_release) Reading reading = read_bytes("x = 1\ny =\n  refuse", 18);

        cr_expect_eq(reading.result, -EDOM);
        cr_expect_str_eq(reading.keys, "[]x=1@1-1\n");
}

Test(config_file, a_file_may_have_256_kib_and_no_more)
{
        static char text[FILE_MAX_BYTES + 1];

        memset(text, '\n', sizeof(text));
        memcpy(text + FILE_MAX_BYTES - 5, "x = 1", 5);
        {
                _cleanup_(reading_release) Reading reading = read_bytes(text, FILE_MAX_BYTES);
                _cleanup_free_ char *keys = NULL;

                cr_expect_eq(reading.result, 0);
                keys = text_format("[]x=1@%zu-%zu\n", FILE_MAX_BYTES - 4, FILE_MAX_BYTES - 4);
                cr_expect_str_eq(reading.keys, keys);
        }
        {
                _cleanup_(reading_release) Reading reading = read_bytes(text, FILE_MAX_BYTES + 1);

                cr_expect_eq(reading.result, -EFBIG);
                cr_expect_not_null(strstr(reading.sentence, "262144 bytes"), "%s", reading.sentence);
        }
}

Test(config_file, what_cannot_be_read_is_named)
{
        char directory[] = "/tmp/deployd-test-XXXXXX";
        _cleanup_free_ char *fifo = NULL, *loop = NULL;

        cr_assert_not_null(mkdtemp(directory));
        fifo = text_format("%s/fifo", directory);
        loop = text_format("%s/loop", directory);
        cr_assert_eq(mkfifo(fifo, 0600), 0);
        cr_assert_eq(symlink(loop, loop), 0);
        {
                _cleanup_(reading_release) Reading missing = read_path("/nonexistent/deploy.conf"),
                                                   dir = read_path(directory), pipe_ = read_path(fifo),
                                                   link_ = read_path(loop);

                cr_expect_eq(missing.result, -ENOENT);
                cr_expect_eq(dir.result, -EISDIR);
                cr_expect_eq(pipe_.result, -EBADF);
                cr_expect_eq(link_.result, -ELOOP);
                cr_expect_not_null(strstr(dir.sentence, directory), "%s", dir.sentence);
                cr_expect_not_null(strstr(pipe_.sentence, "Not a regular file"), "%s", pipe_.sentence);
        }
        cr_expect_eq(unlink(fifo), 0);
        cr_expect_eq(unlink(loop), 0);
        cr_expect_eq(rmdir(directory), 0);
}

Test(config_file, dev_null_is_an_empty_file)
{
        _cleanup_(reading_release) Reading reading = read_path("/dev/null");

        cr_expect_eq(reading.result, 0);
        cr_expect_str_eq(reading.keys, "");
}

Test(config_file, a_path_that_is_not_clean_is_not_repeated_as_it_is)
{
        _cleanup_(reading_release) Reading reading = read_path("/nonexistent/\x1b[31m\xff");

        cr_expect_eq(reading.result, -ENOENT);
        cr_expect(text_is_clean(reading.sentence, false));
}
