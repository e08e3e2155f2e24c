/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "systemd/sandbox.h"
#include "systemd/unit-places.h"
#include "systemd/unit-property.h"

static int append_command(sd_bus_message *message, const char *property,
                          const char *const arguments[UNIT_SPEC_ARGUMENTS_MAX], bool may_fail)
{
        int r;

        if (!arguments[0])
                return 0;
        r = unit_property_open_array(message, property, "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'r', "sasb");
        if (r >= 0)
                r = unit_property_check(arguments[0]);
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', arguments[0]);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "s");
        for (size_t i = 0; r >= 0 && i < UNIT_SPEC_ARGUMENTS_MAX && arguments[i]; i++) {
                r = unit_property_check(arguments[i]);
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', arguments[i]);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_append(message, "b", may_fail);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : unit_property_close_array(message);
}

/* They go before what is denied. */
static int append_reached(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->reached) && spec->reached[i].family != 0; i++) {
                const UnitAddress *address = &spec->reached[i];
                uint32_t size =
                        address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

                /* The property adds to what is there. */
                r = unit_property_open_array(message, "IPAddressAllow", "(iayu)");
                if (r >= 0)
                        r = sd_bus_message_open_container(message, 'r', "iayu");
                if (r >= 0)
                        r = sd_bus_message_append(message, "i", address->family);
                if (r >= 0)
                        r = sd_bus_message_append_array(message, 'y', address->bytes, size);
                if (r >= 0)
                        r = sd_bus_message_append(message, "u", 8 * size);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
                if (r >= 0)
                        r = unit_property_close_array(message);
        }
        return r;
}

static int append_log_field(sd_bus_message *message, const char *field, const char *value)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (!value)
                return 0;
        text = text_format("%s=%s", field, value);
        if (!text)
                return -ENOMEM;
        r = unit_property_check(text);
        return r < 0 ? r : sd_bus_message_append_array(message, 'y', text, strlen(text));
}

static int append_log_fields(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *id = text_format("%llu", (unsigned long long) spec->log_deployment);
        int r;

        if (!id)
                return -ENOMEM;
        r = unit_property_open_array(message, "LogExtraFields", "ay");
        if (r >= 0)
                r = append_log_field(message, FIELD_APP, spec->log_app);
        if (r >= 0)
                r = append_log_field(message, FIELD_DEPLOYMENT, spec->log_deployment ? id : NULL);
        if (r >= 0)
                r = append_log_field(message, FIELD_PROCESS, spec->log_process);
        if (r >= 0)
                r = append_log_field(message, FIELD_REVISION, spec->log_revision);
        return r < 0 ? r : unit_property_close_array(message);
}

static int append_environment_file(sd_bus_message *message, const char *path)
{
        int r;

        if (!path)
                return 0;
        r = unit_property_check(path);
        return r < 0 ? r
                     : sd_bus_message_append(message, "(sv)", "EnvironmentFiles", "a(sb)", 1, path, false);
}

static int append_credentials(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        /* The property adds to what is there. */
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->credentials) && spec->credentials[i].name; i++) {
                r = unit_property_check(spec->credentials[i].name);
                if (r >= 0)
                        r = unit_property_check(spec->credentials[i].path);
                if (r >= 0)
                        r = sd_bus_message_append(message, "(sv)", "LoadCredential", "a(ss)", 1,
                                                  spec->credentials[i].name, spec->credentials[i].path);
        }
        return r;
}

static int append_times(sd_bus_message *message, const UnitSpec *spec)
{
        int r;

        r = unit_property_append_number(message, "TimeoutStartUSec", spec->timeout_usec);
        if (r >= 0)
                r = unit_property_append_number(message, "TimeoutStopUSec", spec->stop_timeout_usec);
        if (r < 0 || spec->restart_pause_usec == 0)
                return r;
        return sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Restart", "s", "always", "RestartUSec",
                                     "t", spec->restart_pause_usec, "StartLimitIntervalUSec", "t",
                                     spec->restart_pause_usec * UNIT_START_LIMIT_PAUSES *
                                             spec->restart_burst,
                                     "StartLimitBurst", "u", (uint32_t) spec->restart_burst);
}

/* What the lines of an app are tagged with: shop/web.1. Those of helpers have the program's name. */
static int append_identifier(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *identifier = NULL;

        if (!spec->log_app || !spec->log_process)
                return 0;
        identifier = text_format("%s/%s", spec->log_app, spec->log_process);
        return identifier ? unit_property_append_string(message, "SyslogIdentifier", identifier) : -ENOMEM;
}

static int append_own_values(sd_bus_message *message, const UnitSpec *spec)
{
        const char *slice = unit_kind_row(spec->kind)->slice;
        int r;

        r = unit_property_append_string(message, "Slice", slice ? slice : spec->app_slice);
        if (r >= 0)
                r = unit_property_append_string(message, "User", spec->user);
        if (r >= 0)
                r = unit_property_append_list(message, "StateDirectory", spec->state_directory);
        /* The property adds to what is there. */
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->kept); i++)
                r = unit_property_append_list(message, "StateDirectory", spec->kept[i]);
        if (r >= 0)
                r = unit_property_append_list(message, "CacheDirectory", spec->cache_directory);
        if (r >= 0)
                r = append_environment_file(message, spec->environment_file);
        if (r >= 0)
                r = append_credentials(message, spec);
        if (r >= 0)
                r = unit_property_append_descriptor(message, "StandardInputFileDescriptor", spec->stdin_fd);
        /* Both have to be said: standard error is a copy of standard output by default, and where both are
         * the journal PID 1 makes it a copy of the descriptor too. */
        if (r >= 0 && spec->stdout_fd >= 0)
                r = sd_bus_message_append(message, "(sv)(sv)", "StandardOutput", "s", "null",
                                          "StandardError", "s", "journal");
        if (r >= 0)
                r = unit_property_append_descriptor(message, "StandardOutputFileDescriptor",
                                                    spec->stdout_fd);
        if (r >= 0)
                r = append_times(message, spec);
        if (r >= 0)
                r = unit_property_append_number(message, "LimitFSIZE", spec->file_size_max);
        if (r >= 0)
                r = unit_property_append_number(message, "MemoryMax", spec->memory_max);
        if (r >= 0)
                r = unit_property_append_number(message, "TasksMax", spec->tasks_max);
        if (r >= 0)
                r = unit_property_append_number(message, "CPUQuotaPerSecUSec", spec->cpu_quota_usec);
        if (r >= 0 && spec->hold)
                r = sd_bus_message_append(message, "(sv)", "AddRef", "b", true);
        if (r >= 0 && !spec->hold)
                r = sd_bus_message_append(message, "(sv)", "RemainAfterExit", "b", true);
        return r;
}

int unit_spec_append(sd_bus_message *message, const UnitSpec *spec)
{
        const Sandbox *sandbox;
        int r;

        assert(message);
        assert(spec);
        assert(spec->name && spec->arguments[0]);

        sandbox = sandbox_of(spec->kind, spec->user != NULL, spec->notify);
        r = unit_property_check(spec->name);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(sv)");
        if (r >= 0)
                r = sandbox_append(message, sandbox, spec->network);
        if (r >= 0)
                r = append_reached(message, spec);
        if (r >= 0)
                r = append_own_values(message, spec);
        if (r >= 0)
                r = append_command(message, "ExecStart", spec->arguments, false);
        if (r >= 0)
                r = append_command(message, "ExecStopPost", spec->stop_post, true);
        if (r >= 0)
                r = unit_places_append(message, spec, sandbox);
        if (r >= 0)
                r = append_identifier(message, spec);
        if (r >= 0)
                r = append_log_fields(message, spec);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
