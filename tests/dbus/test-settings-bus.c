/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of an app: each row of their table on the bus, and their bounds. */

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/setting-value.h"
#include "tests/dbus/fixture.h"

BUS_SUITE(settings_bus);

#define INVALID_ARGS "org.freedesktop.DBus.Error.InvalidArgs"

/* A call that sets one number. */
#define SET(name, value)                                                                                 \
        fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties", "a{sv}", 1, name, "t", \
                value

Test(settings_bus, numbers_are_held_to_their_bounds)
{
        static const struct {
                const char *name;
                uint64_t value;
                bool is_legal;
        } cases[] = {
                { "StopTimeoutUSec", 0, true },
                { "StopTimeoutUSec", 99999, false },
                { "StopTimeoutUSec", 100000, true },
                { "StopTimeoutUSec", UINT64_C(86400000000), true },
                { "StopTimeoutUSec", UINT64_C(86400000001), false },
                { "HealthCheckTimeoutUSec", 0, true },
                { "HealthCheckTimeoutUSec", 99999, false },
                { "HealthCheckTimeoutUSec", 100000, true },
                { "HealthCheckTimeoutUSec", UINT64_C(3600000000), true },
                { "HealthCheckTimeoutUSec", UINT64_C(3600000001), false },
                { "CheckSettleUSec", 0, true },
                { "CheckSettleUSec", 99999, false },
                { "CheckSettleUSec", 100000, true },
                { "CheckSettleUSec", UINT64_C(86400000000), true },
                { "CheckSettleUSec", UINT64_C(86400000001), false },
                { "MemoryMax", 1048575, false },
                { "MemoryMax", 1048576, true },
                { "MemoryMax", UINT64_C(1) << 31, true },
                { "MemoryMax", (UINT64_C(1) << 31) + 1, false },
                { "MemoryMax", UINT64_MAX, false },
                { "TasksMax", 1, true },
                { "TasksMax", 4194304, true },
                { "TasksMax", 4194305, false },
                { "CPUQuotaPerSecUSec", 9999, false },
                { "CPUQuotaPerSecUSec", 10000, true },
                { "CPUQuotaPerSecUSec", 1000000000, true },
                { "CPUQuotaPerSecUSec", 1000000001, false },
        };

        (void) fixture_app("shop", fixture_repository("code"));
        fixture.config.app_memory_limit = UINT64_C(1) << 31;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (cases[i].is_legal)
                        fixture_succeeds(SET(cases[i].name, cases[i].value));
                else
                        fixture_fails(INVALID_ARGS, cases[i].name, SET(cases[i].name, cases[i].value));
        fixture.config.app_tasks_limit = 64;
        fixture_fails(INVALID_ARGS, "1 to 64 tasks", SET("TasksMax", (uint64_t) 65));
}

/* ---- each row of the table ---- */

/* A legal text that is not what a new app has. */
static const char *other_text(const Setting *setting)
{
        static const char *const texts[] = { "public", "notify", "/up", "yes", "main" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (!setting->is_valid || setting->is_valid(texts[i]))
                        return texts[i];
        cr_assert_fail("no sample for %s", setting->property);
        return NULL;
}

/* A variant with a text, a number, or `number` processes web. */
static void append_value(sd_bus_message *message, const Setting *setting, const char *text, uint64_t number)
{
        const char *signature = setting_signature(setting);

        if (setting_is_text(setting))
                cr_assert_geq(sd_bus_message_append(message, "v", signature, text), 0);
        else if (setting->type == SETTING_NUMBER)
                cr_assert_geq(sd_bus_message_append(message, "v", signature, (uint32_t) number), 0);
        else if (setting->type == SETTING_FORMATION && number == 0)
                cr_assert_geq(sd_bus_message_append(message, "v", signature, 0), 0);
        else if (setting->type == SETTING_FORMATION)
                cr_assert_geq(sd_bus_message_append(message, "v", signature, 1, "web", (uint32_t) number),
                              0);
        else
                cr_assert_geq(sd_bus_message_append(message, "v", signature, number), 0);
}

static sd_bus_message *set_value(const Setting *setting, const char *text, uint64_t number)
{
        sd_bus_message *message =
                fixture_new_call(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties");

        cr_assert_geq(sd_bus_message_open_container(message, 'a', "{sv}"), 0);
        cr_assert_geq(sd_bus_message_open_container(message, 'e', "sv"), 0);
        cr_assert_geq(sd_bus_message_append(message, "s", setting->property), 0);
        append_value(message, setting, text, number);
        cr_assert_geq(sd_bus_message_close_container(message), 0);
        cr_assert_geq(sd_bus_message_close_container(message), 0);
        return fixture_send(fixture.client, message);
}

static void is_set(const Setting *setting, const char *text, uint64_t number)
{
        sd_bus_message *answer = set_value(setting, text, number);

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL), "%s: %s", setting->property,
                      sd_bus_message_is_method_error(answer, NULL)
                              ? sd_bus_message_get_error(answer)->message
                              : "");
        sd_bus_message_unref(answer);
}

static void is_refused(const Setting *setting, const char *text, uint64_t number)
{
        sd_bus_message *answer = set_value(setting, text, number);

        fixture_check_error(answer,
                            setting->type == SETTING_REVISION ? BUS_ERROR_INVALID_REVISION : INVALID_ARGS,
                            setting->property, __LINE__);
        sd_bus_message_unref(answer);
}

/* As the property has it. Caller frees. */
static char *value_text(const Setting *setting, const char *text, uint64_t number)
{
        if (setting_is_text(setting))
                return strdup(text);
        if (setting->type == SETTING_FORMATION)
                return text_format("[[web,%" PRIu64 "]]", number == 0 ? 1 : number);
        return text_format("%" PRIu64, number);
}

static void reads(const Setting *setting, const char *text, uint64_t number)
{
        _cleanup_free_ char *wanted = value_text(setting, text, number);

        fixture_property_is(wanted, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, setting->property);
}

Test(settings_bus, each_is_set_read_and_cleared)
{
        (void) fixture_app("shop", fixture_repository("code"));
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];
                const char *other = setting_is_text(setting) ? other_text(setting) : "";
                uint64_t number = MAX2(setting->least, 2);

                if (setting->is_new_only)
                        continue;
                reads(setting, setting->initial, 0);
                is_set(setting, other, number);
                reads(setting, other, number);
                if (setting->is_valid && setting->initial[0] != '\0')
                        is_refused(setting, "", 0);
                is_set(setting, text_or_empty(setting->initial), 0);
                reads(setting, setting->initial, 0);
        }
}

Test(settings_bus, each_is_held_to_its_rule)
{
        (void) fixture_app("shop", fixture_repository("code"));
        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];

                if (setting->is_new_only)
                        continue;
                if (setting_is_text(setting))
                        is_refused(setting, "a\nb", 0);
                else if (setting->type == SETTING_FORMATION)
                        is_refused(setting, NULL, FORMATION_COUNT_MAX + 1);
                else
                        is_refused(setting, NULL, setting->most + 1);
                if (setting_is_number(setting) && setting->least > 1)
                        is_refused(setting, NULL, setting->least - 1);
                reads(setting, setting->initial, 0);
                fixture_fails(INVALID_ARGS, setting->property, fixture.client, BUS_PATH_APP "/shop",
                              BUS_INTERFACE_APP, "SetProperties", "a{sv}", 1, setting->property, "b", true);
        }
}

Test(settings_bus, each_is_an_option_of_a_new_app_and_those_of_a_new_one_only_are_no_properties)
{
        Repository *code = fixture_repository("code");

        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];
                sd_bus_message *message =
                        fixture_new_call(fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, "CreateApp");
                const char *other = setting_is_text(setting) ? other_text(setting) : "";
                uint64_t number = MAX2(setting->least, 2);
                sd_bus_message *answer;

                cr_assert_geq(sd_bus_message_append(message, "ss", "shop", "code"), 0);
                cr_assert_geq(sd_bus_message_open_container(message, 'a', "{sv}"), 0);
                cr_assert_geq(sd_bus_message_open_container(message, 'e', "sv"), 0);
                cr_assert_geq(sd_bus_message_append(message, "s", setting->property), 0);
                append_value(message, setting, other, number);
                cr_assert_geq(sd_bus_message_close_container(message), 0);
                cr_assert_geq(sd_bus_message_close_container(message), 0);
                answer = fixture_send(fixture.client, message);
                cr_assert_not(sd_bus_message_is_method_error(answer, NULL), "%s", setting->property);
                sd_bus_message_unref(answer);
                if (setting->is_new_only)
                        is_refused(setting, other, number);
                else
                        reads(setting, other, number);
                fixture_succeeds(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Remove", "b",
                                 true);
        }
        cr_expect_null(code->apps);
}

Test(settings_bus, submodules_of_a_repository_are_yes_or_no)
{
        static const char path[] = BUS_PATH_REPOSITORY "/code";

        (void) fixture_repository("code");
        fixture_property_is("no", path, BUS_INTERFACE_REPOSITORY, "Submodules");
        fixture_succeeds(fixture.client, path, BUS_INTERFACE_REPOSITORY, "SetSubmodules", "s", "yes");
        fixture_property_is("yes", path, BUS_INTERFACE_REPOSITORY, "Submodules");
        fixture_fails(INVALID_ARGS, "Submodules is yes or no", fixture.client, path,
                      BUS_INTERFACE_REPOSITORY, "SetSubmodules", "s", "maybe");
        fixture_property_is("yes", path, BUS_INTERFACE_REPOSITORY, "Submodules");
}
