/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/settings-bus.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/model/validate.h"
#include "dbus/bus-args.h"

/* What the configuration bounds further for all apps. */
static uint64_t most_of(const Bus *bus, const Setting *setting)
{
        const Config *config = bus->params.config(bus->params.userdata);
        uint64_t limit = setting->limit ? config_number(config, "runner", setting->limit) : 0;

        return limit != 0 ? limit : setting->most;
}

static int check_number(const Bus *bus, const BusOption *option, const void *value, sd_bus_error *reterr)
{
        const Setting *setting = option->setting;
        uint64_t most = most_of(bus, setting), number;

        number = setting->type == SETTING_NUMBER ? *(const uint32_t *) value : *(const uint64_t *) value;
        if (number == 0 || (number >= setting->least && number <= most))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s is 0 (the configured default) or %" PRIu64 " to %" PRIu64
                                 " %s, not %" PRIu64,
                                 setting->property, setting->least, most, setting->unit, number);
}

static int settings_bus_check_text(const Bus *bus, const BusOption *option, const void *value,
                                   sd_bus_error *reterr)
{
        (void) bus;
        if (!option->setting->is_valid || option->setting->is_valid(value))
                return 0;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS, "%s %s", option->name,
                                 option->setting->rule);
}

static int check_revision(const Bus *bus, const BusOption *option, const void *value, sd_bus_error *reterr)
{
        (void) bus;
        return bus_args_check_revision(option->name, value, true, reterr);
}

static int settings_bus_check_formation(const Bus *bus, const BusOption *option, const void *value,
                                        sd_bus_error *reterr)
{
        const Formation *formation = value;

        (void) bus;
        if (formation_total(formation) > FORMATION_COUNT_MAX)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s has more than %d instances in all", option->name,
                                         FORMATION_COUNT_MAX);
        if (formation->n == 0 || formation_total(formation) > 0)
                return 0;
        return sd_bus_error_setf(
                reterr, SD_BUS_ERROR_INVALID_ARGS,
                "%s has no process above 0: Stop stops an app (deployctl stop), and nothing at all (an "
                "empty %s, deployctl scale APP default) is the default",
                option->name, option->name);
}

static int (*const checks[SETTING_TYPE_MAX])(const Bus *bus, const BusOption *option, const void *value,
                                             sd_bus_error *reterr) = {
        [SETTING_TEXT] = settings_bus_check_text, [SETTING_REVISION] = check_revision,
        [SETTING_DURATION] = check_number,        [SETTING_SIZE] = check_number,
        [SETTING_COUNT] = check_number,           [SETTING_NUMBER] = check_number,
        [SETTING_SHARE] = check_number,           [SETTING_FORMATION] = settings_bus_check_formation,
};

/* The settings of an app that is there are at the beginning of a new one. */
static_assert(offsetof(NewApp, settings) == 0, "the rows are for both");

static size_t fill_options(bool is_new, BusOption *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < app_settings.n; i++) {
                const Setting *setting = &app_settings.rows[i];

                if (setting->is_new_only && !is_new)
                        continue;
                assert(checks[setting->type]);
                ret[n++] = (BusOption){
                        .name = setting->property,
                        .type = setting_signature(setting),
                        .offset = setting->is_new_only ? offsetof(NewApp, data) : setting->offset,
                        .check = checks[setting->type],
                        .setting = setting,
                };
        }
        return n;
}

/* Known, but without effect in this version. */
static const char *const later[] = {
        "Port", /* CreateApp only */
        "Domains", "AutoDeploy", "ConnectTo", "IdleTimeoutUSec", NULL,
};

void settings_bus_done_new(NewApp *app)
{
        assert(app);
        app_settings_clear(&app->settings);
        free(app->data);
}

int settings_bus_read(const Bus *bus, sd_bus_message *message, AppSettings *settings, sd_bus_error *reterr)
{
        BusOption options[SETTINGS_MAX];
        size_t n = fill_options(/* is_new= */ false, options);

        assert(settings);
        return bus_args_read_options(bus, message, options, n, later + 1, settings, reterr);
}

int settings_bus_read_new(const Bus *bus, sd_bus_message *message, NewApp *app, sd_bus_error *reterr)
{
        BusOption options[SETTINGS_MAX];
        size_t n = fill_options(/* is_new= */ true, options);

        assert(app);
        return bus_args_read_options(bus, message, options, n, later, app, reterr);
}

static sd_bus_vtable property_of(const SettingsVtable *parts, const Setting *setting)
{
        const sd_bus_vtable member =
                SD_BUS_PROPERTY(setting->property, setting_signature(setting), NULL,
                                parts->offset + setting->offset, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
        const sd_bus_vtable formation =
                SD_BUS_PROPERTY(setting->property, setting_signature(setting), parts->get_formation, 0,
                                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);

        return setting->type == SETTING_FORMATION ? formation : member;
}

void settings_bus_fill(const SettingsVtable *parts, sd_bus_vtable *ret)
{
        size_t n = parts->n_before;

        assert(parts->n_before + parts->settings->n + parts->n_after <= SETTINGS_VTABLE_MAX);

        memcpy(ret, parts->before, parts->n_before * sizeof(sd_bus_vtable));
        for (size_t i = 0; i < parts->settings->n; i++)
                if (!parts->settings->rows[i].is_new_only)
                        ret[n++] = property_of(parts, &parts->settings->rows[i]);
        memcpy(ret + n, parts->after, parts->n_after * sizeof(sd_bus_vtable));
}
