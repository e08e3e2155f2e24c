/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/credential-kind.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/validate.h"

/* How much of a caller's text is shown to him again. */
#define SHOWN_MAX 64

/* Fails with `before`, the caller's text made fit to be shown, in quotes, and `after`. */
static int bus_args_refuse(const char *error, const char *before, const char *text, const char *after,
                           sd_bus_error *reterr)
{
        _cleanup_free_ char *shown = text_sanitize(text, SHOWN_MAX);

        if (!shown)
                return -ENOMEM;
        return sd_bus_error_setf(reterr, error, "%s '%s'%s", before, shown, after);
}

int bus_args_check_name(const char *name, sd_bus_error *reterr)
{
        if (name_is_valid(name))
                return 0;
        return bus_args_refuse(BUS_ERROR_INVALID_NAME, "name", name, " is not allowed: " NAME_RULE, reterr);
}

int bus_args_read_url(const Bus *bus, const char *url, GitAddress *ret, sd_bus_error *reterr)
{
        const Config *config = bus->params.config(bus->params.userdata);
        _cleanup_free_ char *reason = NULL;
        int r;

        r = url_check(url, config->git_schemes, config->git_local_paths, ret, &reason);
        if (r == -EINVAL)
                return sd_bus_error_setf(reterr, BUS_ERROR_INVALID_URL, "git-url: %s", reason);
        return r;
}

static int refuse_credential(const char *wrong, sd_bus_error *reterr)
{
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS, "credential: %s", wrong);
}

int bus_args_read_credential(const BusBytes *bytes, const char *url, char **ret, sd_bus_error *reterr)
{
        _cleanup_secret_ char *clean = NULL;
        const char *wrong = NULL;
        size_t size;
        int r;

        assert(bytes);
        assert(url);
        assert(ret);

        r = credential_clean(bytes->data, bytes->size, &clean, &size, &wrong);
        if (r < 0)
                return wrong ? refuse_credential(wrong, reterr) : r;
        if (size > 0)
                wrong = credential_misfit(credential_is_key(clean, size), url);
        if (wrong)
                return refuse_credential(wrong, reterr);
        *ret = TAKE_PTR(clean);
        return 0;
}

int bus_args_check_known_hosts(const char *known_hosts, sd_bus_error *reterr)
{
        const char *wrong = known_hosts_wrong(known_hosts);

        return wrong ? sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS, "known-hosts: %s", wrong) : 0;
}

int bus_args_check_revision(const char *argument, const char *revision, bool may_be_empty,
                            sd_bus_error *reterr)
{
        if ((may_be_empty && revision[0] == '\0') || revision_is_valid(revision))
                return 0;
        return bus_args_refuse(
                BUS_ERROR_INVALID_REVISION, argument, revision,
                " is not allowed: " REVISION_RULE
                ", named as git-check-ref-format(1) allows, at most 200 bytes, and not with - first",
                reterr);
}

int bus_args_find_repository(const Bus *bus, const char *name, Repository **ret, sd_bus_error *reterr)
{
        *ret = model_repository(bus->params.model, name);
        return *ret ? 0
                    : bus_args_refuse(BUS_ERROR_NO_SUCH_REPOSITORY, "There is no repository", name, "",
                                      reterr);
}

int bus_args_find_app(const Bus *bus, const char *name, App **ret, sd_bus_error *reterr)
{
        *ret = model_app(bus->params.model, name);
        return *ret ? 0 : bus_args_refuse(BUS_ERROR_NO_SUCH_APP, "There is no app", name, "", reterr);
}

int bus_args_find_deployment(const Bus *bus, uint64_t id, Deployment **ret, sd_bus_error *reterr)
{
        *ret = model_deployment(bus->params.model, id);
        if (*ret)
                return 0;
        return sd_bus_error_setf(
                reterr, BUS_ERROR_NO_SUCH_DEPLOYMENT,
                "There is no deployment %" PRIu64
                ", or it ended a while ago: deployctl releases and DescribeDeployment have it then, and "
                "zstdcat " PATH_STATE "/logs/*/%" PRIu64 ".zst its log",
                id, id);
}

/* ---- option dictionaries ---- */

static int refuse_unknown(const char *key, const BusOption options[], size_t n_options, sd_bus_error *reterr)
{
        _cleanup_free_ char *allowed = strdup(n_options == 0 ? "none" : options[0].name), *shown = NULL;

        for (size_t i = 1; allowed && i < n_options; i++) {
                _cleanup_free_ char *before = allowed;

                allowed = text_format("%s, %s", before, options[i].name);
        }
        shown = text_sanitize(key, SHOWN_MAX);
        if (!allowed || !shown)
                return -ENOMEM;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS, "Unknown option '%s'; allowed are: %s",
                                 shown, allowed);
}

static int find_option(const char *key, const BusOption options[], size_t n_options,
                       const char *const later[], const BusOption **ret, sd_bus_error *reterr)
{
        for (size_t i = 0; i < n_options; i++)
                if (strcmp(options[i].name, key) == 0) {
                        *ret = &options[i];
                        return 0;
                }
        for (; later && *later; later++)
                if (strcmp(*later, key) == 0)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_NOT_SUPPORTED,
                                                 "The option %s has no effect in this version", key);
        return refuse_unknown(key, options, n_options, reterr);
}

/* An a{su} of process types and counts in place of *formation. */
static int read_formation(sd_bus_message *message, const char *name, Formation *formation,
                          sd_bus_error *reterr)
{
        _cleanup_formation_ Formation read = {};
        const char *process;
        uint32_t count;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{su}");
        while (r >= 0 && (r = sd_bus_message_read(message, "{su}", &process, &count)) > 0) {
                if (!process_name_is_valid(process) || count > FORMATION_COUNT_MAX)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "%s has process types (1 to 32 of a-z, 0-9 and single -, "
                                                 "from a letter) with counts of 0 to %d",
                                                 name, FORMATION_COUNT_MAX);
                if (formation_has(&read, process))
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "%s has the process %s twice", name, process);
                r = formation_set(&read, process, count);
                if (r == -E2BIG)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "%s has at most %d process types", name,
                                                 FORMATION_PROCESSES_MAX);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        formation_clear(formation);
        *formation = read;
        read = (Formation){};
        return 0;
}

/* Reads what the variant has where the message stands. */
static int read_contents(const Bus *bus, sd_bus_message *message, const BusOption *option, void *member,
                         sd_bus_error *reterr)
{
        union {
                const char *text;
                uint32_t small;
                uint64_t large;
        } value = {};
        const void *checked = &value;
        int r;

        if (strcmp(option->type, "ay") == 0) {
                BusBytes *bytes = member;

                r = sd_bus_message_read_array(message, 'y', &bytes->data, &bytes->size);
                if (r >= 0 && !bytes->data)
                        bytes->data = "";
                return r;
        }
        if (option->type[0] == 'a') {
                r = read_formation(message, option->name, member, reterr);
                checked = member;
        } else {
                r = sd_bus_message_read_basic(message, option->type[0], &value);
                if (option->type[0] == 's')
                        checked = value.text;
        }
        if (r >= 0 && option->check)
                r = option->check(bus, option, checked, reterr);
        if (r < 0)
                return r;
        switch (option->type[0]) {
        case 's':
                return text_replace(member, value.text);
        case 'u':
                *(uint32_t *) member = value.small;
                break;
        case 'b':
                *(bool *) member = value.small != 0;
                break;
        case 't':
                *(uint64_t *) member = value.large;
                break;
        default:
                break;
        }
        return 0;
}

/* Reads the variant where the message stands. */
static int read_value(const Bus *bus, sd_bus_message *message, const BusOption *option, void *target,
                      sd_bus_error *reterr)
{
        const char *contents;
        int r;

        r = sd_bus_message_peek_type(message, NULL, &contents);
        if (r < 0)
                return r;
        if (strcmp(contents, option->type) != 0)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                         "The option %s is of type %s, not %.*s", option->name, option->type,
                                         SHOWN_MAX, contents);
        r = sd_bus_message_enter_container(message, 'v', option->type);
        if (r >= 0)
                r = read_contents(bus, message, option, (char *) target + option->offset, reterr);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int bus_args_read_options(const Bus *bus, sd_bus_message *message, const BusOption options[],
                          size_t n_options, const char *const later[], void *target, sd_bus_error *reterr)
{
        uint64_t seen = 0;
        int r;

        assert(bus);
        assert(message);
        assert(n_options <= 64);

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const BusOption *option = NULL;
                const char *key;
                uint64_t bit;

                r = sd_bus_message_read(message, "s", &key);
                if (r >= 0)
                        r = find_option(key, options, n_options, later, &option, reterr);
                if (r < 0)
                        return r;
                assert(option);
                bit = UINT64_C(1) << (option - options);
                if (seen & bit)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "The option %s is given twice", option->name);
                seen |= bit;
                r = read_value(bus, message, option, target, reterr);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}
