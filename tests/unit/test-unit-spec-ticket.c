/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-unit-spec.h"

#include <arpa/inet.h>
#include <sys/mman.h>

#include "systemd/unit-spec-ticket.h"

/* A spec is text and the same spec again, also through a file. */

#define _cleanup_ticket_ _cleanup_(ticket_freep)

static void expect_numbers_equal(const UnitSpec *a, const UnitSpec *b)
{
        cr_expect_eq(a->kind, b->kind);
        cr_expect_eq(a->network, b->network);
        cr_expect_eq(a->notify, b->notify);
        cr_expect_eq(a->hold, b->hold);
        cr_expect_eq(a->tmpfs_size, b->tmpfs_size);
        cr_expect_eq(a->tmpfs_files, b->tmpfs_files);
        cr_expect_eq(a->timeout_usec, b->timeout_usec);
        cr_expect_eq(a->stop_timeout_usec, b->stop_timeout_usec);
        cr_expect_eq(a->file_size_max, b->file_size_max);
        cr_expect_eq(a->memory_max, b->memory_max);
        cr_expect_eq(a->tasks_max, b->tasks_max);
        cr_expect_eq(a->cpu_quota_usec, b->cpu_quota_usec);
        cr_expect_eq(a->restart_pause_usec, b->restart_pause_usec);
        cr_expect_eq(a->restart_burst, b->restart_burst);
        cr_expect_eq(a->log_deployment, b->log_deployment);
        for (size_t i = 0; i < ELEMENTSOF(a->binds); i++)
                cr_expect_eq(a->binds[i].writable, b->binds[i].writable, "bind %zu", i);
        for (size_t i = 0; i < ELEMENTSOF(a->reached); i++) {
                cr_expect_eq(a->reached[i].family, b->reached[i].family, "address %zu", i);
                cr_expect_arr_eq(a->reached[i].bytes, b->reached[i].bytes, sizeof(a->reached[i].bytes));
        }
}

static void expect_equal(UnitSpec *a, UnitSpec *b)
{
        const char **texts[TEXTS_MAX], **others[TEXTS_MAX];
        size_t n = texts_of(a, texts);

        cr_assert_eq(texts_of(b, others), n);
        for (size_t i = 0; i < n; i++) {
                cr_assert_eq(!*texts[i], !*others[i], "%s: text %zu", a->name, i);
                if (*texts[i])
                        cr_expect_str_eq(*texts[i], *others[i]);
        }
        expect_numbers_equal(a, b);
        cr_expect_eq(b->stdin_fd, -1);
        cr_expect_eq(b->stdout_fd, -1);
}

/* Through a file, as a program on another machine would read it. */
static Ticket *written_and_read(const Ticket *ticket)
{
        _cleanup_close_ int fd = memfd_create("ticket", MFD_CLOEXEC);
        Ticket *back;

        must(fd);
        must(ticket_write(ticket, fd));
        must(ticket_read(fd, TICKET_REQUEST, &back));
        return back;
}

static void expect_there_and_back(UnitSpec *spec)
{
        _cleanup_ticket_ Ticket *ticket = ticket_new(), *file = NULL;
        const char *key = NULL;
        UnitSpec back;

        must(unit_spec_to_ticket(spec, ticket));
        file = written_and_read(ticket);
        cr_assert_eq(unit_spec_from_ticket(file, &back, &key), 0, "%s: line '%s'", spec->name, key);
        expect_equal(spec, &back);
}

Test(unit_spec_ticket, every_kind_of_unit_is_the_same_again)
{
        for (size_t i = 0; i < ELEMENTSOF(examples); i++) {
                UnitSpec spec = examples[i].spec;

                spec.stdin_fd = spec.stdout_fd = -1;
                expect_there_and_back(&spec);
        }
}

/* All that a spec can say, each number another one. */
static UnitSpec spec_of_everything(void)
{
        UnitSpec spec = full_spec();
        uint64_t *const numbers[] = {
                &spec.tmpfs_size,     &spec.tmpfs_files,        &spec.timeout_usec, &spec.stop_timeout_usec,
                &spec.file_size_max,  &spec.memory_max,         &spec.tasks_max,    &spec.cpu_quota_usec,
                &spec.log_deployment, &spec.restart_pause_usec,
        };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                *numbers[i] = UINT64_MAX - i;
        spec.restart_burst = UINT32_MAX;
        spec.notify = spec.hold = true;
        spec.network = UNIT_NETWORK_NONE;
        spec.reached[0].family = AF_INET;
        spec.reached[1].family = AF_INET6;
        spec.reached[2].family = AF_INET6;
        cr_assert_eq(inet_pton(AF_INET, "192.0.2.255", spec.reached[0].bytes), 1);
        cr_assert_eq(inet_pton(AF_INET6, "2001:db8::fe", spec.reached[1].bytes), 1);
        cr_assert_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", spec.reached[2].bytes), 1);
        return spec;
}

Test(unit_spec_ticket, all_that_a_spec_can_say_is_the_same_again)
{
        UnitSpec spec = spec_of_everything();

        expect_there_and_back(&spec);
}

Test(unit_spec_ticket, a_value_that_is_not_set_has_no_line)
{
        _cleanup_ticket_ Ticket *ticket = ticket_new();
        UnitSpec spec = UNIT_SPEC_INIT;

        spec.kind = UNIT_REMOVE;
        spec.name = "deployd-remove-release-9.service";
        spec.arguments[0] = "/bin/true";
        must(unit_spec_to_ticket(&spec, ticket));
        cr_expect_str_eq(ticket_get(ticket, "kind"), "remove");
        cr_expect_str_eq(ticket_get(ticket, "argument.1"), "/bin/true");
        cr_expect_null(ticket_get(ticket, "argument.2"));
        cr_expect_null(ticket_get(ticket, "memory-max"));
        cr_expect_null(ticket_get(ticket, "hold"));
        cr_expect_null(ticket_get(ticket, "network"));
        cr_expect_null(ticket_get(ticket, "reached.1"));
}

static int to_ticket(const UnitSpec *spec)
{
        _cleanup_ticket_ Ticket *ticket = ticket_new();

        return unit_spec_to_ticket(spec, ticket);
}

Test(unit_spec_ticket, what_no_text_can_say_is_not_written)
{
        const UnitSpec whole = spec_of_everything();
        UnitSpec spec = whole;
        const char **texts[TEXTS_MAX];
        size_t n = texts_of(&spec, texts);

        cr_assert_eq(to_ticket(&spec), 0);
        for (size_t i = 0; i < n; i++) {
                const char *good = *texts[i];

                *texts[i] = "two words";
                cr_expect_eq(to_ticket(&spec), -EINVAL, "text %zu", i);
                *texts[i] = "";
                cr_expect_eq(to_ticket(&spec), -EINVAL, "text %zu, empty", i);
                *texts[i] = good;
        }
        spec.stdin_fd = 0;
        cr_expect_eq(to_ticket(&spec), -EINVAL, "a descriptor");
        spec = whole;
        spec.stdout_fd = 1;
        cr_expect_eq(to_ticket(&spec), -EINVAL, "a descriptor");
        spec = whole;
        spec.kind = UNIT_KIND_UNSET;
        cr_expect_eq(to_ticket(&spec), -EINVAL, "no kind");
        spec = whole;
        spec.arguments[1] = NULL;
        cr_expect_eq(to_ticket(&spec), -EINVAL, "a gap");
        cr_assert_eq(to_ticket(&whole), 0);
}

/* A ticket of the smallest spec, without the line `left_out`. */
static Ticket *smallest(const char *left_out)
{
        static const TicketLine lines[] = { { "format", "1" },
                                            { "kind", "app" },
                                            { "name", "deployd-app-shop-1.web.1.service" },
                                            { "argument.1", "/bin/true" } };
        Ticket *ticket = ticket_new();

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                if (strcmp(lines[i].key, left_out) != 0)
                        must(ticket_set(ticket, lines[i].key, lines[i].text));
        return ticket;
}

static void expect_refused(const Ticket *ticket, const char *wrong)
{
        const char *key = "";
        UnitSpec spec;

        cr_expect_eq(unit_spec_from_ticket(ticket, &spec, &key), -EINVAL, "%s", wrong);
        cr_expect_str_eq(key, wrong);
}

Test(unit_spec_ticket, a_line_that_is_not_understood_is_refused_by_its_key)
{
        static const TicketLine cases[] = {
                { "no-such-key", "1" },
                { "argument", "/bin/true" },
                { "argument.0", "/bin/true" },
                { "argument.02", "/bin/true" },
                { "argument.7", "/bin/true" },
                { "arguments.2", "/bin/true" },
                { "user.1", "deployd-a7" },
                { "user", "two words" },
                { "user", "" },
                { "tmpfs-size", "1K" },
                { "memory-max", "-1" },
                { "memory-max", "18446744073709551616" },
                { "restart-burst", "4294967296" },
                { "notify", "no" },
                { "hold", "1" },
                { "network", "all" },
                { "reached.1", "192.0.2.256" },
                { "reached.1", "deployd.org" },
                { "reached.4", "192.0.2.1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ticket_ Ticket *ticket = smallest("");

                must(ticket_set(ticket, cases[i].key, cases[i].text));
                expect_refused(ticket, cases[i].key);
        }
}

Test(unit_spec_ticket, a_format_or_a_kind_that_is_unknown_is_refused)
{
        static const TicketLine cases[] = { { "format", "2" }, { "kind", "container" }, { "kind", "" } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ticket_ Ticket *ticket = smallest(cases[i].key);

                must(ticket_set(ticket, cases[i].key, cases[i].text));
                expect_refused(ticket, cases[i].key);
        }
}

Test(unit_spec_ticket, what_every_unit_has_must_be_there)
{
        static const char *const cases[][2] = {
                { "format", "format" }, { "kind", "kind" }, { "name", "name" }, { "argument.1", "argument" }
        };
        _cleanup_ticket_ Ticket *whole = smallest("");
        const char *key;
        UnitSpec spec;

        cr_assert_eq(unit_spec_from_ticket(whole, &spec, &key), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ticket_ Ticket *ticket = smallest(cases[i][0]);

                expect_refused(ticket, cases[i][1]);
        }
}

Test(unit_spec_ticket, a_list_with_a_gap_is_refused)
{
        static const struct {
                TicketLine line;
                const char *wrong;
        } cases[] = {
                { { "argument.3", "web" }, "argument" },
                { { "stop-post.2", "clear" }, "stop-post" },
                { { "reached.2", "192.0.2.1" }, "reached" },
                { { "bind-source.1", "/a" }, "bind-source" },
                { { "bind-target.1", "/a" }, "bind-source" },
                { { "bind-writable.1", "yes" }, "bind-source" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_ticket_ Ticket *ticket = smallest("");

                must(ticket_set(ticket, cases[i].line.key, cases[i].line.text));
                expect_refused(ticket, cases[i].wrong);
        }
}
