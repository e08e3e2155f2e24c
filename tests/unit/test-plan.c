/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/plan.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/unit/test-config.h"
#include "tests/unit/test-ingress.h"

static Model *model;
static Config *config;
static PlanParams params;

static void set_up(void)
{
        make_directory();
        write_file(path, "[access]\ninternal-networks = 10.0.0.0/8 fd00::/8\n");
        config = load();
        model = model_new();
        cr_assert_not_null(model);
        params = (PlanParams){ .model = model, .config = config };
}

static void tear_down(void)
{
        model_free(model);
        config_free(config);
        remove_directory();
}
TestSuite(plan, .init = set_up, .fini = tear_down);

/* The frontends of the model; caller frees. */
static char *frontends(void)
{
        char *text = plan_frontends(&params);

        cr_assert_not_null(text);
        return text;
}

/* The whole file, which haproxy itself takes together with the packaged one; caller frees. */
static char *file(void)
{
        static char program[] = "haproxy", check[] = "-c", quiet[] = "-q", option[] = "-f",
                    base[] = SOURCE_DIR "/ingress/base.cfg";
        _cleanup_free_ char *front = frontends(), *name = text_format("%s/apps.cfg", directory);
        char *argv[] = { program, check, quiet, option, base, option, name, NULL };
        char *text = plan_file(&params, front);
        pid_t pid;
        int status;

        cr_assert(text && name);
        write_file(name, text);
        cr_assert_eq(posix_spawnp(&pid, program, NULL, NULL, argv, (char *[]){ NULL }), 0);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0, "haproxy refuses\n%s", text);
        return text;
}

static void has(const char *text, const char *part)
{
        cr_expect_not_null(strstr(text, part), "no '%s' in\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
        cr_expect_null(strstr(text, part), "'%s' in\n%s", part, text);
}

Test(plan, a_private_app_listens_on_loopback_only)
{
        _cleanup_free_ char *text = NULL;

        (void) add_app(model, "shop", "private", 30001);
        text = file();
        has(text, "frontend app-shop\n    bind 127.0.0.1:30001\n    bind [::1]:30001\n");
        has_not(text, "tcp-request");
        has_not(text, "bind *");
        has_not(text, "bind :::");
        has(text, "    default_backend app-shop\n");
        has(text, "\nbackend app-shop\n");
}

Test(plan, a_public_app_listens_everywhere)
{
        _cleanup_free_ char *text = NULL;

        (void) add_app(model, "shop", "public", 30001);
        text = file();
        has(text, "frontend app-shop\n    bind :::30001 v4v6\n");
        has_not(text, "tcp-request");
        has_not(text, "127.0.0.1:30001");
}

Test(plan, an_internal_app_listens_everywhere_and_lets_in_whom_the_configuration_says)
{
        _cleanup_free_ char *text = NULL;

        (void) add_app(model, "shop", "internal", 30001);
        text = file();
        has(text, "    bind :::30001 v4v6\n"
                  "    tcp-request connection reject if !{ src 127.0.0.0/8 ::1 10.0.0.0/8 fd00::/8 }\n");
}

Test(plan, what_a_client_says_of_itself_is_dropped_before_ours_is_set)
{
        static const char *const lines[] = { "del-header Forwarded\n",
                                             "del-header Proxy\n",
                                             "del-header X-Forwarded- -m beg\n",
                                             "set-header X-Forwarded-For %[src]\n",
                                             "set-header X-Forwarded-Proto http\n",
                                             "set-header X-Forwarded-Port %[dst_port]\n" };
        _cleanup_free_ char *text = NULL;
        const char *at;

        (void) add_app(model, "shop", "private", 30001);
        at = text = file();
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                at = strstr(at, lines[i]);
                cr_assert_not_null(at, "no '%s' after those before in\n%s", lines[i], text);
        }
}

Test(plan, requests_are_logged_only_if_the_administrator_wants_it)
{
        _cleanup_free_ char *without = NULL, *with = NULL;

        (void) add_app(model, "shop", "private", 30001);
        without = file();
        has(without, "    no log\n");
        has_not(without, "httplog");
        config->access_log = true;
        with = file();
        has(with, "    option httplog\n    log-tag deployd/shop\n");
        has_not(with, "no log");
}

Test(plan, a_backend_has_the_instances_that_take_requests)
{
        _cleanup_free_ char *text = NULL;
        App *app = add_app(model, "my-app", "private", 30001);

        (void) add_instance(app, 41, 20001, ROUTE_DRAINING);
        (void) add_instance(app, 42, 20002, ROUTE_READY);
        (void) add_instance(app, 42, 20003, ROUTE_READY);
        (void) add_instance(app, 43, 20004, ROUTE_NONE);
        cr_assert(instance_new(model_deployment(model, 42), "worker", 1, 0));
        text = file();
        has(text, "backend app-my-app\n"
                  "    server d42.web.1 127.0.0.1:20002\n"
                  "    server d42.web.2 127.0.0.1:20003\n");
        has_not(text, "d41");
        has_not(text, "d43");
        has_not(text, "worker");
}

Test(plan, no_app_is_a_file_too)
{
        _cleanup_free_ char *text = file();

        has(text, "backend deployd-generation-");
        has_not(text, "frontend");
}

Test(plan, many_apps_are_one_file)
{
        static const char *const modes[] = { "private", "internal", "public" };
        _cleanup_free_ char *text = NULL;

        for (uint16_t i = 0; i < 60; i++) {
                _cleanup_free_ char *name = text_format("app-%d", i);

                cr_assert_not_null(name);
                (void) add_instance(add_app(model, name, modes[i % 3], (uint16_t) (30000 + i)), i + 1u,
                                    (uint16_t) (20000 + i), ROUTE_READY);
        }
        text = file();
        has(text, "    server d60.web.1 127.0.0.1:20059\n");
}

/* The generation of the model's frontends; caller frees. */
static char *generation(void)
{
        _cleanup_free_ char *front = frontends();
        char *name = plan_generation(front);

        cr_assert_not_null(name);
        return name;
}

Test(plan, the_generation_is_another_exactly_when_a_reload_is_needed)
{
        _cleanup_free_ char *first = NULL, *switched = NULL, *changed = NULL, *back = NULL, *more = NULL,
                            *text = NULL, *line = NULL;
        App *app = add_app(model, "shop", "private", 30001);
        Instance *old = add_instance(app, 1, 20001, ROUTE_READY);

        first = generation();
        cr_expect_eq(strlen(first), strlen("deployd-generation-") + 16);
        text = file();
        line = text_format("backend %s\n", first);
        has(text, line);

        old->route = ROUTE_DRAINING;
        (void) add_instance(app, 2, 20002, ROUTE_READY);
        switched = generation();
        cr_expect_str_eq(switched, first, "a switch is no reload");

        cr_assert_eq(text_replace(&app->settings.access_mode, "public"), 0);
        changed = generation();
        cr_expect_str_neq(changed, first);
        cr_assert_eq(text_replace(&app->settings.access_mode, "private"), 0);
        back = generation();
        cr_expect_str_eq(back, first);
        (void) add_app(model, "other", "private", 30002);
        more = generation();
        cr_expect_str_neq(more, first);
}

Test(plan, the_generation_is_fnv_1a)
{
        /* draft-eastlake-fnv-17, appendix C: the empty text, "a", "foobar". */
        static const char *const texts[][2] = { { "", "deployd-generation-cbf29ce484222325" },
                                                { "a", "deployd-generation-af63dc4c8601ec8c" },
                                                { "foobar", "deployd-generation-85944171f73967e8" } };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *name = plan_generation(texts[i][0]);

                cr_expect_str_eq(name, texts[i][1]);
        }
}
