/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "sql/pg.h"

static void accept_all(const char *const *urls)
{
        for (; *urls; urls++) {
                _cleanup_free_ char *error = NULL;

                cr_expect(eq(int, pg_check_url(*urls, &error), 0), "%s: %s", *urls, error);
        }
}

static void refuse_all(const char *const *urls, const char *because)
{
        for (; *urls; urls++) {
                _cleanup_free_ char *error = NULL;

                cr_expect(eq(int, pg_check_url(*urls, &error), -EINVAL), "%s", *urls);
                cr_assert(ne(ptr, error, NULL));
                cr_expect(ne(ptr, strstr(error, because), NULL), "%s: %s", *urls, error);
                cr_expect(eq(ptr, strstr(error, "hunter2"), NULL), "%s: %s", *urls, error);
        }
}

Test(pg_url, a_unix_socket_works_as_it_is)
{
        accept_all((const char *const[]){
                "", "postgresql:///deployd", "postgresql:///deployd?host=/run/postgresql",
                "host=/run/postgresql user=deployd dbname=deployd",
                "postgresql://%2Frun%2Fpostgresql/deployd", "host=@deployd",
                "host=/a/path/so/long/that/it/does/not/fit/into/any/address/buffer/at/all", NULL });
}

Test(pg_url, loopback_needs_no_certificate)
{
        accept_all((const char *const[]){ "postgresql://deployd:hunter2@127.0.0.1/deployd",
                                          "postgresql://deployd@[::1]:5433/deployd",
                                          "host=localhost hostaddr=127.0.0.1 dbname=deployd", NULL });
}

Test(pg_url, another_machine_must_prove_that_it_is_the_one)
{
        accept_all((const char *const[]){
                "postgresql://deployd:hunter2@192.0.2.7/deployd?sslmode=verify-full",
                "postgresql://d@db.example.com/deployd?hostaddr=192.0.2.7&sslmode=verify-full",
                "host=a.example,b.example hostaddr=192.0.2.7,2001:db8::7 sslmode=verify-full", NULL });
        refuse_all((const char *const[]){ "postgresql://deployd:hunter2@192.0.2.7/deployd",
                                          "postgresql://d:hunter2@192.0.2.7/deployd?sslmode=require",
                                          "postgresql://d:hunter2@192.0.2.7/deployd?sslmode=verify-ca",
                                          "host=127.0.0.1,192.0.2.7 password=hunter2",
                                          "host=localhost hostaddr=2001:db8::7 password=hunter2", NULL },
                   "sslmode=verify-full");
}

Test(pg_url, a_name_is_never_looked_up)
{
        refuse_all((const char *const[]){ "postgresql://deployd:hunter2@db.example.com/deployd",
                                          "postgresql://d:hunter2@localhost/deployd",
                                          "host=db.example.com sslmode=verify-full password=hunter2",
                                          "host=/run/postgresql,db.example.com password=hunter2",
                                          "host=a.example,b.example hostaddr=192.0.2.7, sslmode=verify-full",
                                          "host=127.0.0.1.example.com", "host=0x7f000001", NULL },
                   "hostaddr=");
}

Test(pg_url, what_is_none_is_refused_without_being_shown)
{
        refuse_all((const char *const[]){ "http://deployd:hunter2@example.com/",
                                          "postgresql://d:hunter2%zz@/x", "hunter2", "password='hunter2",
                                          "colour=hunter2", NULL },
                   "postgresql:///deployd");
}

Test(pg_url, a_service_file_is_refused)
{
        refuse_all((const char *const[]){ "service=deployd", "postgresql:///deployd?service=x", NULL },
                   "service=");
}

/* What is printed of a connection; NULL if it is refused. */
static char *service_of(const char *conninfo)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int r;

        cr_assert_not_null(out);
        r = pg_print_service(conninfo, out);
        cr_assert_eq(fclose(out), 0);
        if (r >= 0)
                return text;
        cr_expect_eq(r, -EINVAL);
        free(text);
        return NULL;
}

Test(pg_url, a_connection_is_printed_as_a_service_of_libpq)
{
        static const struct {
                const char *conninfo, *service;
        } rows[] = {
                { "", "[deployd]\nuser=deployd\ndbname=deployd\nhost=/run/deployd/postgres\n" },
                { "postgresql://shop:it%20is%3D1@127.0.0.1:5433/apps",
                  "[deployd]\nuser=shop\npassword=it is=1\ndbname=apps\nhost=127.0.0.1\nport=5433\n" },
                { "postgresql:///apps?user=shop",
                  "[deployd]\nhost=/run/postgresql\nuser=shop\ndbname=apps\n" },
                { "postgresql://shop:a%0Ahost=b@127.0.0.1/apps", NULL },
                { "postgresql://db.example.com/apps", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *service = service_of(rows[i].conninfo);

                if (rows[i].service)
                        cr_expect_str_eq(service, rows[i].service);
                else
                        cr_expect_null(service, "%s", rows[i].conninfo);
        }
}
