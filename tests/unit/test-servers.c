/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/servers.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test-ingress.h"

/* As haproxy 2.6 answers, but for the lines of servers. */
#define HEADER                                                                                              \
        "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " \
        "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "    \
        "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "           \
        "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"
/* A server with its admin state, which is what tells ready (0), maintenance (1) and drain (8) apart. */
#define SERVER(backend, server, admin) \
        "4 " backend " 1 " server " 127.0.0.1 2 " admin " 1 1 9 1 0 0 14 0 0 0 - 20001 - 0 0 - - 0\n"

static Model *model;
static App *shop;

static void set_up(void)
{
        model = model_new();
        cr_assert_not_null(model);
        shop = add_app(model, "shop", "private", 30001);
}

static void tear_down(void)
{
        model_free(model);
}
TestSuite(servers, .init = set_up, .fini = tear_down);

/* What is written to remove strays. Caller frees. */
static char *read_servers(const char *answer)
{
        char *text = NULL;
        size_t size;
        FILE *strays = open_memstream(&text, &size);
        int r;

        cr_assert_not_null(strays);
        r = servers_read(model, answer, strays);
        cr_assert_eq(fclose(strays), 0);
        cr_assert_eq(r, 0, "%s", strerror(-r));
        return text;
}

static int read_wrong(const char *answer)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *strays = open_memstream(&text, &size);
        int r = servers_read(model, answer, strays);

        cr_assert_eq(fclose(strays), 0);
        return r;
}

typedef enum Way { OPENING, CLOSING } Way;

/* The commands, and how many instances they are about. Caller frees. */
static char *commands(Way way, uint64_t now, unsigned n)
{
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        cr_assert_not_null(stream);
        cr_expect_eq(way == OPENING ? servers_write_opening(model, stream)
                                    : servers_write_closing(model, now, stream),
                     n);
        cr_assert_eq(fclose(stream), 0);
        return text;
}

static void writes(Way way, uint64_t now, unsigned n, const char *wanted)
{
        _cleanup_free_ char *text = commands(way, now, n);

        cr_expect_str_eq(text, wanted);
}

Test(servers, what_haproxy_has_is_what_is_routed)
{
        Instance *ready = add_instance(shop, 42, 20001, ROUTE_READY);
        Instance *draining = add_instance(shop, 41, 20002, ROUTE_NONE);
        Instance *gone = add_instance(shop, 40, 20003, ROUTE_NONE);
        Instance *maintained = add_instance(shop, 39, 20004, ROUTE_NONE);
        _cleanup_free_ char *strays = NULL;

        gone->routed = ROUTE_READY;
        strays = read_servers(HEADER SERVER("app-shop", "d42.web.1", "0") SERVER(
                "app-shop", "d41.web.1", "8") SERVER("app-shop", "d39.web.1", "1"));
        cr_expect_str_eq(strays, "");
        cr_expect_eq(ready->routed, ROUTE_READY);
        cr_expect_eq(draining->routed, ROUTE_DRAINING);
        cr_expect_eq(gone->routed, ROUTE_NONE);
        cr_expect_eq(maintained->routed, ROUTE_DRAINING);
}

Test(servers, nothing_there_is_an_answer_too)
{
        Instance *instance = add_instance(shop, 42, 20001, ROUTE_READY);
        _cleanup_free_ char *strays = NULL;

        instance->routed = ROUTE_READY;
        strays = read_servers(HEADER "\n");
        cr_expect_str_eq(strays, "");
        cr_expect_eq(instance->routed, ROUTE_NONE);
}

Test(servers, what_is_not_understood_is_an_error)
{
        static const char *const wrong[] = {
                "",
                "\n",
                "2\n# of another version\n",
                "Unknown command: show servers\n",
                HEADER "4 app-shop 1 d42.web.1 127.0.0.1 2\n",
                HEADER SERVER("app-shop", "d42.web.1", "x"),
                HEADER SERVER("app-shop", "d42.web.1", "-1"),
                HEADER SERVER("app-shop", "d42.web.1", ""),
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                cr_expect_eq(read_wrong(wrong[i]), -EBADMSG, "%zu", i);
}

Test(servers, strays_are_removed_and_what_is_not_ours_stays)
{
        _cleanup_free_ char *strays = NULL;

        (void) add_instance(shop, 42, 20001, ROUTE_READY);
        (void) add_app(model, "other", "private", 30002);
        strays = read_servers(HEADER SERVER("app-shop", "d41.web.1", "0") SERVER("app-gone", "d3.web.1", "8")
                                      SERVER("app-other", "d42.web.1", "0") SERVER("MASTER", "cur-1", "0")
                                              SERVER("app-shop", "d42.web.1", "0"));
        cr_expect_str_eq(strays, "set server app-shop/d41.web.1 state maint;"
                                 "shutdown sessions server app-shop/d41.web.1;"
                                 "del server app-shop/d41.web.1;"
                                 "set server app-gone/d3.web.1 state maint;"
                                 "shutdown sessions server app-gone/d3.web.1;"
                                 "del server app-gone/d3.web.1;"
                                 "set server app-other/d42.web.1 state maint;"
                                 "shutdown sessions server app-other/d42.web.1;"
                                 "del server app-other/d42.web.1;");
}

Test(servers, a_new_instance_is_added_and_one_that_drains_is_let_in_again)
{
        Instance *back = add_instance(shop, 41, 20001, ROUTE_READY);

        back->routed = ROUTE_DRAINING;
        (void) add_instance(shop, 42, 20002, ROUTE_READY);
        add_instance(shop, 43, 20003, ROUTE_READY)->routed = ROUTE_READY;
        (void) add_instance(shop, 44, 20004, ROUTE_NONE);
        (void) add_instance(shop, 44, 20005, ROUTE_DRAINING);
        cr_assert(instance_new(model_deployment(model, 42), "worker", 1, 0));
        {
                _cleanup_free_ char *text = commands(OPENING, 0, 2);

                cr_expect_not_null(strstr(text, "set server app-shop/d41.web.1 state ready;"));
                cr_expect_not_null(strstr(
                        text,
                        "add server app-shop/d42.web.1 127.0.0.1:20002 pool-max-conn -1 pool-purge-delay 1s;"
                        "enable server app-shop/d42.web.1;"));
                cr_expect_null(strstr(text, "d43"));
                cr_expect_null(strstr(text, "d44"));
                cr_expect_null(strstr(text, "worker"));
        }
}

Test(servers, nothing_is_shut_out_while_something_is_to_be_let_in)
{
        Instance *old = add_instance(shop, 41, 20001, ROUTE_DRAINING);
        Instance *first = add_instance(shop, 42, 20002, ROUTE_READY);
        Instance *second = add_instance(shop, 42, 20003, ROUTE_READY);
        Instance *other = add_instance(add_app(model, "other", "private", 30002), 50, 20004, ROUTE_DRAINING);

        old->routed = other->routed = ROUTE_READY;
        /* The other app has nothing to wait for. */
        writes(CLOSING, 0, 1, "set server app-other/d50.web.1 state drain;");
        other->routed = ROUTE_DRAINING;
        first->routed = ROUTE_READY;
        writes(CLOSING, 0, 0, "");
        second->routed = ROUTE_DRAINING;
        writes(CLOSING, 0, 0, "");
        second->routed = ROUTE_READY;
        writes(CLOSING, 0, 1, "set server app-shop/d41.web.1 state drain;");
        old->routed = ROUTE_DRAINING;
        writes(CLOSING, 0, 0, "");
        writes(OPENING, 0, 0, "");
}

Test(servers, what_is_open_is_shut_when_the_time_is_over)
{
        Instance *old = add_instance(shop, 41, 20001, ROUTE_NONE);

        old->routed = ROUTE_DRAINING;
        old->drain_deadline = 1000;
        writes(CLOSING, 999, 1, "set server app-shop/d41.web.1 state maint;del server app-shop/d41.web.1;");
        writes(CLOSING, 1000, 1,
               "set server app-shop/d41.web.1 state maint;shutdown sessions server app-shop/d41.web.1;"
               "del server app-shop/d41.web.1;");
        old->drain_deadline = 0; /* at once */
        writes(CLOSING, 0, 1,
               "set server app-shop/d41.web.1 state maint;shutdown sessions server app-shop/d41.web.1;"
               "del server app-shop/d41.web.1;");
        old->routed = ROUTE_NONE;
        writes(CLOSING, 1000, 0, "");
}

Test(servers, a_backend_is_found_by_its_whole_name)
{
        static const char answer[] = "# name\ndeployd-health\napp-shop\nMASTER\napp-last\n\n";

        cr_expect(servers_has_backend(answer, "app-shop"));
        cr_expect(servers_has_backend(answer, "app-last"));
        cr_expect_not(servers_has_backend(answer, "app-sho"));
        cr_expect_not(servers_has_backend(answer, "pp-shop"));
        cr_expect_not(servers_has_backend(answer, "app-shopp"));
        cr_expect_not(servers_has_backend("", "app-shop"));
        cr_expect(servers_has_backend("app-shop", "app-shop"));
}
