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
        has(text, "frontend app-shop\n    bind 127.0.0.1:30001\n    bind [::1]:30001 v6only\n");
        has_not(text, "deployd-internal");
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
        has(text, "frontend app-shop\n    bind *:30001\n    bind :::30001 v6only\n");
        has_not(text, "deployd-internal");
        has_not(text, "127.0.0.1:30001");
}

Test(plan, an_internal_app_listens_everywhere_and_lets_in_whom_the_configuration_says)
{
        _cleanup_free_ char *text = NULL;

        (void) add_app(model, "shop", "internal", 30001);
        text = file();
        has(text, "    bind *:30001\n"
                  "    bind :::30001 v6only\n"
                  "    acl deployd-internal src 127.0.0.0/8 ::1\n"
                  "    acl deployd-internal src 10.0.0.0/8\n"
                  "    acl deployd-internal src fd00::/8\n"
                  "    tcp-request connection reject if !deployd-internal\n");
}

Test(plan, what_a_client_says_of_itself_is_dropped_before_ours_is_set)
{
        static const char *const lines[] = { "del-header Forwarded\n",
                                             "del-header Proxy\n",
                                             "del-header _ -m sub\n",
                                             "del-header X-Real-IP\n",
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

/* With a proxy of one's own in front. */
Test(plan, what_a_trusted_proxy_says_is_kept)
{
        _cleanup_free_ char *without = NULL, *with = NULL;

        (void) add_app(model, "shop", "private", 30001);
        without = file();
        has_not(without, "deployd-proxy");
        config_free(config);
        write_file(path, "[access]\ntrusted-proxies = 192.0.2.1 2001:db8::/32\n");
        params.config = config = load();
        with = file();
        has(with, "    acl deployd-proxy src 192.0.2.1\n    acl deployd-proxy src 2001:db8::/32\n");
        has(with, "    http-request del-header X-Real-IP if !deployd-proxy\n");
        has(with, "    http-request del-header X-Forwarded- -m beg if !deployd-proxy\n");
        has(with, "    http-request del-header _ -m sub\n");
        has(with, "    http-request del-header Forwarded\n");
}

/* haproxy takes 64 words of a line. */
Test(plan, lists_of_networks_may_be_long)
{
        _cleanup_free_ char *text = NULL;
        FILE *stream = fopen(path, "we");

        cr_assert_not_null(stream);
        (void) fputs("[access]\ninternal-networks =", stream);
        for (unsigned i = 0; i < 200; i++)
                (void) fprintf(stream, "%s10.%u.0.0/16", i % 8 == 0 ? "\n  " : " ", i);
        (void) fputs("\ntrusted-proxies =", stream);
        for (unsigned i = 0; i < 200; i++)
                (void) fprintf(stream, "%s10.0.%u.1", i % 8 == 0 ? "\n  " : " ", i);
        (void) fputs("\n", stream);
        cr_assert_eq(fclose(stream), 0);
        config_free(config);
        params.config = config = load();
        (void) add_app(model, "shop", "internal", 30001);
        text = file();
        has(text, "    acl deployd-internal src 10.199.0.0/16\n");
        has(text, "    acl deployd-proxy src 10.0.199.1\n");
}

Test(plan, the_limits_are_those_of_the_configuration)
{
        _cleanup_free_ char *text = NULL;

        config_free(config);
        write_file(path, "[ingress]\nconnections-max = 300\napp-connections-max = 200\nbody-timeout = 7s\n"
                         "reload-keep = 2h\nreload-keep-max = 9\n");
        params.config = config = load();
        (void) add_app(model, "shop", "private", 30001);
        text = file();
        has(text, "\nglobal\n    maxconn 556\n    hard-stop-after 7200000ms\n    mworker-max-reloads 9\n");
        has(text, "    maxconn 200\n");
        has(text, "{ sc0_conn_cur(deployd-apps) gt 300 }\n");
        has(text, "    http-request wait-for-body time 7000ms\n");
}

Test(plan, an_app_that_is_not_served_is_left_out)
{
        _cleanup_free_ char *text = NULL;
        App *app = add_app(model, "shop", "public", 30001);

        app->served = SERVED_NO;
        (void) add_app(model, "other", "public", 30002);
        text = file();
        has_not(text, "shop");
        has(text, "frontend app-other\n");
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
                  "    server hold 127.0.0.1:1 backup disabled\n"
                  "    server d42.web.1 127.0.0.1:20002\n"
                  "    server d42.web.2 127.0.0.1:20003\n");
        has_not(text, "d41");
        has_not(text, "d43");
        has_not(text, ".worker.");
}

/* Whether requests wait for an instance of the app. */
static bool holds(App *app)
{
        _cleanup_free_ char *text = file();
        _cleanup_free_ char *line =
                text_format("backend app-%s\n    server hold 127.0.0.1:1 backup\n", app->name);

        cr_assert_not_null(line);
        return strstr(text, line) != NULL;
}

Test(plan, requests_wait_only_for_an_instance_that_is_about_to_take_them)
{
        App *app = add_app(model, "shop", "private", 30001);
        Instance *instance = add_instance(app, 42, 20002, ROUTE_NONE);

        cr_expect(!holds(app), "its first deployment is checked");
        model_set_deployment_status(model, instance->deployment, DEPLOYMENT_SWITCHING);
        cr_expect(holds(app), "requests go to its first deployment");
        model_set_deployment_status(model, instance->deployment, DEPLOYMENT_LIVE);
        cr_expect(holds(app), "it restarts");
        instance->pausing = true;
        cr_expect(!holds(app), "it ends again and again");
        instance->pausing = false;
        instance->by_hand = true;
        cr_expect(!holds(app), "somebody has stopped it");
        instance->by_hand = false;
        instance->given_up = true;
        cr_expect(!holds(app), "it is given up");
        instance->given_up = false;
        instance->leaving = true;
        cr_expect(!holds(app), "it is one too many");
        instance->leaving = false;
        cr_expect(holds(app), "it restarts");
        app->stopped = true;
        cr_expect(!holds(app), "the app is stopped");
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
