/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ticket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE_MAX_TICKET ((size_t) 64 * 1024)

static int file_of(const char *text, size_t size)
{
        int fd = memfd_create("ticket", MFD_CLOEXEC);

        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, size), (long) size);
        return fd;
}

/* What reading section `which` of a file with this text says. */
static int read_of(const char *text, size_t size, unsigned which, Ticket **ret)
{
        _cleanup_close_ int fd = file_of(text, size);

        return ticket_read(fd, which, ret);
}

#define READ(text, which, ret) read_of(text, strlen(text), which, ret)

Test(ticket, set_and_get)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();
        uint64_t number = 0;

        cr_assert_eq(ticket_set(ticket, "url", "https://example.com/a=b;c"), 0);
        cr_assert_eq(ticket_set(ticket, "empty", ""), 0);
        cr_assert_eq(ticket_set_u64(ticket, "most", UINT64_MAX), 0);
        cr_expect_str_eq(ticket_get(ticket, "url"), "https://example.com/a=b;c");
        cr_expect_str_eq(ticket_get(ticket, "empty"), "");
        cr_expect_str_eq(ticket_get(ticket, "most"), "18446744073709551615");
        cr_expect_null(ticket_get(ticket, "ur"));
        cr_expect_eq(ticket_get_u64(ticket, "most", UINT64_MAX, &number), 0);
        cr_expect_eq(number, UINT64_MAX);
}

Test(ticket, get_u64_names_what_is_wrong)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();
        uint64_t number = 7;

        cr_assert_eq(ticket_set(ticket, "word", "many"), 0);
        cr_assert_eq(ticket_set_u64(ticket, "number", 101), 0);
        cr_expect_eq(ticket_get_u64(ticket, "none", 100, &number), -ENOENT);
        cr_expect_eq(ticket_get_u64(ticket, "word", 100, &number), -EINVAL);
        cr_expect_eq(ticket_get_u64(ticket, "number", 100, &number), -ERANGE);
        cr_expect_eq(number, 7);
}

Test(ticket, a_bad_key_is_refused)
{
        static const char *const keys[] = { "", "A", "1a", "-a", ".a", "_a", "a b", "a=", "a\n", "ä", "a%" };
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                cr_expect_eq(ticket_set(ticket, keys[i], "x"), -EINVAL, "“%s”", keys[i]);
        cr_expect_eq(ticket_set(ticket, "file.1-a", "x"), 0);
        cr_expect_eq(ticket_set(ticket, "process.Celery_beat", "x"), 0);
}

Test(ticket, a_value_that_is_not_clean_is_refused)
{
        static const char *const values[] = { "a\nb=c", "\r",       "\x1b[0m", "\x7f",
                                              "\xff",   "\xc0\xaf", "\xc2\x9b" };
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();

        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                cr_expect_eq(ticket_set(ticket, "key", values[i]), -EINVAL, "value %zu", i);
        cr_expect_eq(ticket_set(ticket, "key", "tab\tand größer"), 0);
}

Test(ticket, a_key_is_set_once)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();

        cr_assert_eq(ticket_set(ticket, "key", "first"), 0);
        cr_expect_eq(ticket_set(ticket, "key", "second"), -EINVAL);
        cr_expect_str_eq(ticket_get(ticket, "key"), "first");
}

Test(ticket, request_and_answer_come_back_as_written)
{
        _cleanup_(ticket_freep) Ticket *request = ticket_new(), *answer = ticket_new();
        _cleanup_(ticket_freep) Ticket *request_back = NULL, *answer_back = NULL;
        _cleanup_close_ int fd = file_of("", 0);

        cr_assert_eq(ticket_set(request, "url", "a=b=c"), 0);
        cr_assert_eq(ticket_set(request, "blank", " x "), 0);
        cr_assert_eq(ticket_set(answer, "url", "other"), 0);

        cr_assert_eq(ticket_write(request, fd), 0);
        cr_assert_eq(ticket_read(fd, TICKET_ANSWER, &answer_back), -ENODATA);
        cr_assert_eq(ticket_write(answer, fd), 0);

        cr_assert_eq(ticket_read(fd, TICKET_REQUEST, &request_back), 0);
        cr_assert_eq(ticket_read(fd, TICKET_ANSWER, &answer_back), 0);
        cr_expect_str_eq(ticket_get(request_back, "url"), "a=b=c");
        cr_expect_str_eq(ticket_get(request_back, "blank"), " x ");
        cr_expect_str_eq(ticket_get(answer_back, "url"), "other");
        cr_expect_null(ticket_get(answer_back, "blank"));
}

Test(ticket, reading_and_writing_do_not_depend_on_the_offset)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new(), *back = NULL;
        _cleanup_close_ int fd = file_of("a=1\n\n", 5);

        cr_assert_eq(lseek(fd, 2, SEEK_SET), 2);
        cr_assert_eq(ticket_set(ticket, "b", "2"), 0);
        cr_assert_eq(ticket_write(ticket, fd), 0);
        cr_assert_eq(ticket_read(fd, 1, &back), 0);
        cr_expect_str_eq(ticket_get(back, "b"), "2");
        cr_expect_eq(lseek(fd, 0, SEEK_CUR), 2);
}

Test(ticket, a_half_written_section_is_no_section)
{
        static const char whole[] = "commit=1f0c\nfiles=12\n\n";
        Ticket *ticket = NULL;

        for (size_t size = 0; size < strlen(whole); size++) {
                cr_expect_eq(read_of(whole, size, 0, &ticket), -ENODATA, "%zu bytes", size);
                cr_expect_null(ticket);
        }
        cr_assert_eq(READ(whole, 0, &ticket), 0);
        ticket_free(ticket);
}

Test(ticket, an_empty_section_is_a_section)
{
        _cleanup_(ticket_freep) Ticket *first = NULL, *second = NULL;

        cr_assert_eq(READ("\n", 0, &first), 0);
        cr_assert_eq(READ("\na=1\n\n", 1, &second), 0);
        cr_expect_str_eq(ticket_get(second, "a"), "1");
}

Test(ticket, what_is_malformed_is_refused)
{
        static const char *const files[] = {
                "no equals\n\n", "=x\n\n",     "A=x\n\n",     "a=1\na=2\n\n",
                "a=\xff\n\n",    "a=\x1b\n\n", "a=1\r\n\r\n", "a=\xed\xa0\x80\n\n",
                "a b=1\n\n",     " a=1\n\n",
        };
        Ticket *ticket = NULL;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                cr_expect_eq(READ(files[i], 0, &ticket), -EBADMSG, "file %zu", i);
                cr_expect_null(ticket);
        }
        cr_expect_eq(read_of("a=1\0\n\n", 6, 0, &ticket), -EBADMSG);
}

Test(ticket, what_the_other_side_wrote_does_not_spoil_ours)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL, *answer = NULL;

        cr_assert_eq(READ("a=1\n\ngarbage\n\n", TICKET_REQUEST, &ticket), 0);
        cr_expect_str_eq(ticket_get(ticket, "a"), "1");
        cr_expect_eq(READ("a=1\n\ngarbage\n\n", TICKET_ANSWER, &answer), -EBADMSG);
}

Test(ticket, a_file_of_64_kib_is_read_and_a_larger_one_is_not)
{
        static char text[SIZE_MAX_TICKET + 1];
        Ticket *ticket = NULL;

        memset(text, 'x', sizeof(text));
        memcpy(text, "a=", 2);
        memcpy(text + SIZE_MAX_TICKET - 2, "\n\n", 2);
        cr_assert_eq(read_of(text, SIZE_MAX_TICKET, 0, &ticket), 0);
        cr_expect_eq(strlen(ticket_get(ticket, "a")), SIZE_MAX_TICKET - 4);
        ticket = ticket_free(ticket);

        cr_expect_eq(read_of(text, SIZE_MAX_TICKET + 1, 0, &ticket), -EFBIG);
        cr_expect_null(ticket);
}

Test(ticket, what_could_not_be_read_again_is_not_written)
{
        static char value[SIZE_MAX_TICKET - sizeof("a=\n")];
        _cleanup_(ticket_freep) Ticket *large = ticket_new(), *small = ticket_new();
        _cleanup_close_ int fd = file_of("", 0);

        memset(value, 'x', sizeof(value) - 1);
        cr_assert_eq(ticket_set(large, "a", value), 0);
        cr_assert_eq(ticket_set(small, "b", "1"), 0);
        cr_assert_eq(ticket_write(large, fd), 0);

        off_t before = lseek(fd, 0, SEEK_END);
        cr_expect_eq(ticket_write(small, fd), -EFBIG);
        cr_expect_eq(lseek(fd, 0, SEEK_END), before);
}

Test(ticket, errors_of_the_descriptor_are_returned)
{
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new(), *back = NULL;
        int ends[2];

        cr_assert_eq(pipe(ends), 0);
        cr_expect_eq(ticket_read(ends[0], 0, &back), -ESPIPE);
        cr_expect_eq(ticket_write(ticket, ends[1]), -ESPIPE);
        closep(&ends[0]);
        closep(&ends[1]);
}

static int collect(const char *key, const char *value, void *userdata)
{
        char *text = userdata;

        if (strcmp(value, "stop") == 0)
                return -ECANCELED;
        strcat(strcat(strcat(text, key), value), " ");
        return 0;
}

Test(ticket, foreach_walks_in_order_and_can_be_ended)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL;
        char text[64] = "";

        cr_assert_eq(READ("env.a=1\nother=2\nenv.b=3\nend.x=stop\nend.y=4\n\n", 0, &ticket), 0);
        cr_expect_eq(ticket_foreach(ticket, "env.", collect, text), 0);
        cr_expect_str_eq(text, "env.a1 env.b3 ");

        text[0] = '\0';
        cr_expect_eq(ticket_foreach(ticket, "end.", collect, text), -ECANCELED);
        cr_expect_str_eq(text, "");
}

Test(ticket, free_accepts_null)
{
        cr_expect_null(ticket_free(NULL));
}

Test(ticket, a_list_is_numbered_from_one)
{
        char one[] = "apples", two[] = "pears", *values[] = { one, two };
        _cleanup_(ticket_freep) Ticket *ticket = ticket_new();

        cr_assert(ticket);
        cr_assert_eq(ticket_set_list(ticket, "warning", NULL, 0), 0);
        cr_assert_null(ticket_get(ticket, "warning.1"));
        cr_assert_eq(ticket_set_list(ticket, "warning", values, 2), 0);
        cr_assert_str_eq(ticket_get(ticket, "warning.1"), "apples");
        cr_assert_str_eq(ticket_get(ticket, "warning.2"), "pears");
        cr_assert_null(ticket_get(ticket, "warning.3"));
        cr_assert_eq(ticket_set_list(ticket, "warning", values, 1), -EINVAL);
}
