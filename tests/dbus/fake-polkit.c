/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/dbus/fake-polkit.h"

#include <string.h>

#include "base/macro.h"

static int send_answer(sd_bus_message *question, PolkitAnswer answer)
{
        return sd_bus_reply_method_return(question, "(bba{ss})", answer == POLKIT_YES,
                                          answer == POLKIT_CHALLENGE, 0);
}

static int method_check(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const char *kind, *key, *name, *action, *cookie;
        FakePolkit *polkit = userdata;
        uint32_t flags;

        (void) reterr;
        cr_assert(sd_bus_message_read(message, "(sa{sv})s", &kind, 1, &key, "s", &name, &action) >= 0);
        cr_assert_str_eq(kind, "system-bus-name");
        cr_assert_str_eq(key, "name");
        cr_assert_eq(name[0], ':');
        fixture_append(&polkit->asked, "%s", strrchr(action, '.') + 1);
        cr_assert(sd_bus_message_enter_container(message, 'a', "{ss}") >= 0);
        while (sd_bus_message_read(message, "{ss}", &key, &name) > 0)
                if (strcmp(key, "polkit.message") != 0)
                        fixture_append(&polkit->asked, " %s=%s", key, name);
        cr_assert(sd_bus_message_exit_container(message) >= 0);
        cr_assert(sd_bus_message_read(message, "us", &flags, &cookie) >= 0);
        fixture_append(&polkit->asked, "%s\n", flags & 1 ? " interactive" : "");
        polkit->n_asked++;
        if (polkit->answer != POLKIT_LATER)
                return send_answer(message, polkit->answer);
        cr_assert_lt(polkit->n_open, POLKIT_ASKED_MAX);
        polkit->open[polkit->n_open++] = sd_bus_message_ref(message);
        return 1;
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        FakePolkit *polkit = userdata;
        const char *cookie;

        (void) reterr;
        cr_assert(sd_bus_message_read(message, "s", &cookie) >= 0);
        cr_assert_eq(strncmp(cookie, "deployd-", strlen("deployd-")), 0);
        polkit->n_cancelled++;
        return sd_bus_reply_method_return(message, NULL);
}

/* Without a vtable, by which sd-bus would keep a wrong answer from being sent. */
static int on_call(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const char *member = sd_bus_message_get_member(message);

        if (strcmp(member, "CheckAuthorization") == 0)
                return method_check(message, userdata, reterr);
        return strcmp(member, "CancelCheckAuthorization") == 0 ? method_cancel(message, userdata, reterr)
                                                               : 0;
}

static int note_name(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        (void) reterr;
        cr_assert_not(sd_bus_message_is_method_error(answer, NULL));
        *(bool *) userdata = true;
        return 0;
}

void fake_polkit_start(FakePolkit *polkit, PolkitAnswer answer)
{
        bool is_named = false;

        *polkit = (FakePolkit){ .bus = fixture_connect(0), .answer = answer };
        cr_assert(sd_bus_add_object(polkit->bus, NULL, "/org/freedesktop/PolicyKit1/Authority", on_call,
                                    polkit) >= 0);
        cr_assert(sd_bus_request_name_async(polkit->bus, NULL, POLKIT, 0, note_name, &is_named) >= 0);
        while (!is_named)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
}

void fake_polkit_stop(FakePolkit *polkit)
{
        while (polkit->n_open > 0)
                sd_bus_message_unref(polkit->open[--polkit->n_open]);
        polkit->bus = sd_bus_close_unref(polkit->bus);
        free(polkit->asked);
        polkit->asked = NULL;
}

void fake_polkit_answer(FakePolkit *polkit, size_t index, PolkitAnswer answer)
{
        cr_assert_lt(index, polkit->n_open);
        cr_assert(send_answer(polkit->open[index], answer) >= 0);
}

void fake_polkit_await(FakePolkit *polkit, unsigned n)
{
        while (polkit->n_asked < n)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
}
