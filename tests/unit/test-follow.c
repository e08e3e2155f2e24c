/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/follow.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"

/* A machine in a directory: `etc` is seen by units, `run` and `srv` are not, but for run/systemd/journal. */
static char top[] = "/tmp/follow-XXXXXX";
static char *hidden_run, *hidden_srv, *shown;
static FollowView view;

static void make_machine(void)
{
        cr_assert(mkdtemp(top));
        hidden_run = text_format("%s/run", top);
        hidden_srv = text_format("%s/srv", top);
        shown = text_format("%s/run/systemd/journal", top);
        cr_assert(hidden_run && hidden_srv && shown);
        view = (FollowView){ .hidden = { hidden_run, hidden_srv }, .shown = { shown } };
}

static int remove_one(const char *path, _unused_ const struct stat *status, _unused_ int type,
                      _unused_ struct FTW *place)
{
        return remove(path);
}

static void remove_machine(void)
{
        cr_assert_eq(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
        free(hidden_run);
        free(hidden_srv);
        free(shown);
}

TestSuite(follow, .init = make_machine, .fini = remove_machine);

/* The path with its directories made. */
static char *place(const char *path)
{
        char *whole = text_format("%s%s", top, path);

        cr_assert(whole);
        for (char *slash = strchr(whole + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                cr_assert(mkdir(whole, 0755) == 0 || errno == EEXIST);
                *slash = '/';
        }
        return whole;
}

static void make_file(const char *path)
{
        _cleanup_free_ char *whole = place(path);
        _cleanup_close_ int fd = open(whole, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

        cr_assert_geq(fd, 0);
}

/* An absolute target is one of the machine. */
static void make_link(const char *path, const char *target)
{
        _cleanup_free_ char *whole = place(path),
                            *to = text_format("%s%s", target[0] == '/' ? top : "", target);

        cr_assert(to);
        cr_assert_eq(symlink(to, whole), 0, "%s: %s", whole, strerror(errno));
}

/* What following etc/resolv.conf shows: `result`, and the binds of `SOURCE:TARGET` or of one path that is
 * both. */
static void expect(int result, ...)
{
        _cleanup_free_ char *start = text_format("%s/etc/resolv.conf", top);
        _cleanup_follow_ Follow followed = {};
        const char *bind;
        va_list binds;
        size_t n = 0;

        cr_assert_eq(follow(start, &view, &followed), result, "%s", followed.place);
        va_start(binds, result);
        for (; (bind = va_arg(binds, const char *)); n++) {
                size_t size = strcspn(bind, ":");
                _cleanup_free_ char *source = text_format("%s%.*s", top, (int) size, bind);
                _cleanup_free_ char *target = text_format("%s%s", top, bind[size] ? bind + size + 1 : bind);

                cr_assert_lt(n, followed.n_binds, "%s is missing", bind);
                cr_expect_str_eq(followed.binds[n].source, source);
                cr_expect_str_eq(followed.binds[n].target, target);
        }
        va_end(binds);
        cr_expect_eq(followed.n_binds, n, "%s", n < followed.n_binds ? followed.binds[n].target : "");
}

Test(follow, a_file_that_is_no_link_takes_nothing)
{
        make_file("/etc/resolv.conf");
        expect(0, NULL);
}

Test(follow, a_link_to_what_units_see_takes_nothing)
{
        make_file("/usr/lib/resolv.conf");
        make_link("/etc/resolv.conf", "../usr/lib/resolv.conf");
        expect(0, NULL);
}

Test(follow, the_directory_that_a_link_leads_to_is_shown)
{
        make_file("/run/resolvconf/resolv.conf");
        make_link("/etc/resolv.conf", "/run/resolvconf/resolv.conf");
        expect(0, "/run/resolvconf", NULL);
}

Test(follow, a_relative_link_is_followed_from_where_it_is)
{
        make_file("/run/NetworkManager/resolv.conf");
        make_link("/etc/resolv.conf", "..//./run/NetworkManager/resolv.conf");
        expect(0, "/run/NetworkManager", NULL);
}

Test(follow, every_directory_of_a_chain_is_shown)
{
        make_file("/run/c/resolv.conf");
        make_link("/run/b/resolv.conf", "../c/resolv.conf");
        make_link("/etc/dns/resolv.conf", "/run/b/resolv.conf");
        make_link("/etc/resolv.conf", "dns/resolv.conf");
        expect(0, "/run/b", "/run/c", NULL);
}

Test(follow, a_directory_that_is_a_link_is_followed)
{
        make_file("/run/one/two/resolv.conf");
        make_link("/etc/dns", "/run/one/two");
        make_link("/etc/resolv.conf", "dns/resolv.conf");
        expect(0, "/run/one/two", NULL);
}

Test(follow, of_a_directory_that_all_share_the_file_alone_is_shown)
{
        make_file("/run/resolv.conf");
        make_link("/etc/resolv.conf", "/run/resolv.conf");
        expect(0, "/run/resolv.conf", NULL);
}

Test(follow, of_a_directory_that_has_something_else_of_the_unit_the_file_alone_is_shown)
{
        make_file("/run/systemd/resolv.conf");
        make_file("/run/systemd/journal/socket");
        make_link("/etc/resolv.conf", "/run/systemd/resolv.conf");
        expect(0, "/run/systemd/resolv.conf", NULL);
}

Test(follow, a_link_in_a_directory_that_all_share_is_shown_as_what_it_leads_to)
{
        make_file("/run/versions/3/resolv.conf");
        make_link("/run/current", "versions/3");
        make_link("/etc/resolv.conf", "/run/current/resolv.conf");
        expect(0, "/run/versions/3/resolv.conf:/run/current/resolv.conf", NULL);
}

Test(follow, what_is_shown_anyway_is_not_shown_twice)
{
        make_file("/run/systemd/journal/resolv.conf");
        make_link("/etc/resolv.conf", "/run/systemd/journal/resolv.conf");
        expect(0, NULL);
}

Test(follow, a_link_from_one_hidden_place_to_another)
{
        make_file("/srv/dns/resolv.conf");
        make_link("/run/dns/resolv.conf", "/srv/dns/resolv.conf");
        make_link("/etc/resolv.conf", "/run/dns/resolv.conf");
        expect(0, "/run/dns", "/srv/dns", NULL);
}

Test(follow, the_directory_of_a_file_that_will_come_is_shown)
{
        make_file("/run/NetworkManager/other");
        make_link("/etc/resolv.conf", "/run/NetworkManager/resolv.conf");
        expect(-ENOENT, "/run/NetworkManager", NULL);
}

Test(follow, so_is_one_that_will_come_itself)
{
        make_file("/run/other");
        make_link("/etc/resolv.conf", "/run/NetworkManager/resolv.conf");
        expect(-ENOENT, "/run/NetworkManager", NULL);
}

Test(follow, a_file_that_is_not_there_takes_nothing)
{
        make_file("/etc/hosts");
        expect(-ENOENT, NULL);
}

Test(follow, a_circle_of_links_ends)
{
        make_link("/run/a/resolv.conf", "/run/b/resolv.conf");
        make_link("/run/b/resolv.conf", "/run/a/resolv.conf");
        make_link("/etc/resolv.conf", "/run/a/resolv.conf");
        expect(-ELOOP, "/run/a", "/run/b", NULL);
}

Test(follow, as_many_links_as_the_kernel_follows_are_followed)
{
        char from[32], to[32];

        /* With the first that is 40: path_resolution(7). */
        for (int i = 1; i < 40; i++) {
                (void) snprintf(from, sizeof(from), "/etc/%d", i);
                (void) snprintf(to, sizeof(to), i < 39 ? "%d" : "hosts", i + 1);
                make_link(from, to);
        }
        make_file("/etc/hosts");
        make_link("/etc/resolv.conf", "1");
        expect(0, NULL);
        make_link("/etc/40", "/etc/resolv.conf");

        _cleanup_free_ char *start = text_format("%s/etc/40", top);
        _cleanup_follow_ Follow followed = {};

        cr_expect_eq(access(start, F_OK), -1);
        cr_expect_eq(errno, ELOOP);
        cr_expect_eq(follow(start, &view, &followed), -ELOOP);
}

Test(follow, a_path_that_no_unit_property_may_have_is_refused)
{
        make_file("/run/with blank/resolv.conf");
        make_link("/etc/resolv.conf", "/run/with blank/resolv.conf");
        expect(-EINVAL, NULL);
}

Test(follow, a_file_as_a_directory_is_an_error)
{
        make_file("/run/dns");
        make_link("/etc/resolv.conf", "/run/dns/resolv.conf");
        expect(-ENOTDIR, NULL);
}

Test(follow, units_with_programs_of_strangers_see_neither_run_nor_srv)
{
        static const UnitKind kinds[] = { UNIT_APP, UNIT_BUILD, UNIT_RELEASE };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                FollowView kind = follow_view(sandbox_of(kinds[i], true, false));
                _cleanup_free_ char *hidden = text_join(kind.hidden, " ");

                cr_expect_str_eq(hidden, "/tmp /var/tmp /srv /run");
        }
}

Test(follow, to_a_unit_that_sees_nothing_a_file_is_shown_by_the_name_it_asks_for)
{
        _cleanup_free_ char *start = text_format("%s/etc/resolv.conf", top),
                            *end = text_format("%s/run/c/resolv.conf", top);
        _cleanup_follow_ Follow followed = {};

        cr_assert_eq(follow_to_end(start, &followed), -ENOENT);
        make_file("/run/c/resolv.conf");
        make_link("/run/b/resolv.conf", "../c/resolv.conf");
        make_link("/etc/resolv.conf", "/run/b/resolv.conf");
        cr_assert_eq(follow_to_end(start, &followed), 0);
        cr_assert_eq(followed.n_binds, 1);
        cr_expect_str_eq(followed.binds[0].source, end);
        cr_expect_str_eq(followed.binds[0].target, start);
}
