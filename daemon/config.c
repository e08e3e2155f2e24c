/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "base/text.h"
#include "daemon/config-file.h"
#include "daemon/config-parse.h"

/* Packages and an administrator leave a handful. */
#define DROP_INS_MAX 256

/* A file of another program, named by mistake, must not flood the journal. */
#define WARNINGS_MAX 50

/* How much of a value is repeated in a sentence about it. */
#define VALUE_SHOWN_MAX 80

/* Where Linux begins to take ports for outgoing connections unless told otherwise:
 * net.ipv4.ip_local_port_range in ip(7). */
#define EPHEMERAL_PORT_FIRST 32768

Config *config_free(Config *config)
{
        if (!config)
                return NULL;
        for (size_t i = 0; i < n_config_keys; i++)
                if (config_keys[i].type->release)
                        config_keys[i].type->release(config_member(&config_keys[i], config));
        config_list_free(config->warnings);
        free(config);
        return NULL;
}

static int config_new(Config **ret)
{
        _cleanup_(config_freep) Config *config = calloc(1, sizeof(Config));

        if (!config)
                return -ENOMEM;
        for (size_t i = 0; i < n_config_keys; i++) {
                int r = config_key_set(&config_keys[i], "", config);

                assert(r != -EINVAL);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(config);
        return 0;
}

static int config_warn(Config *config, const char *format, ...) _printf_(2, 3);

static int config_warn(Config *config, const char *format, ...)
{
        va_list arguments;
        char *sentence;
        int r;

        if (config->n_warnings > WARNINGS_MAX)
                return 0;
        if (config->n_warnings == WARNINGS_MAX) {
                sentence = strdup("There are more warnings about the configuration.");
        } else {
                va_start(arguments, format);
                r = vasprintf(&sentence, format, arguments);
                va_end(arguments);
                if (r < 0)
                        return -ENOMEM;
        }
        r = config_list_append(&config->warnings, sentence);
        if (r < 0)
                return r;
        config->n_warnings++;
        return 0;
}

static int config_refuse(char **reterr, const char *format, ...) _printf_(2, 3);

/* -EINVAL with the sentence in *reterr, or -ENOMEM. */
static int config_refuse(char **reterr, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(reterr, format, arguments);
        va_end(arguments);
        if (r < 0) {
                *reterr = NULL;
                return -ENOMEM;
        }
        return -EINVAL;
}

/* The key of that name in `section`, or with NULL in whatever section. */
static const ConfigKey *find_key(const char *section, const char *name)
{
        for (size_t i = 0; i < n_config_keys; i++)
                if ((!section || strcmp(config_keys[i].section, section) == 0) &&
                    strcmp(config_keys[i].name, name) == 0)
                        return &config_keys[i];
        return NULL;
}

uint64_t config_number(const Config *config, const char *section, const char *name)
{
        const ConfigKey *key = find_key(section, name);

        assert(config);
        assert(key);
        assert(key->type == &config_type_number || key->type == &config_type_duration ||
               key->type == &config_type_size || key->type == &config_type_quota);
        return *(const uint64_t *) (const void *) ((const char *) config + key->offset);
}

static int warn_unknown(Config *config, const char *path, unsigned line, const char *section,
                        const char *name)
{
        const ConfigKey *elsewhere = find_key(NULL, name);

        if (elsewhere)
                return config_warn(config, "%s:%u: Ignoring %s in [%s], it belongs in [%s].", path, line,
                                   name, section, elsewhere->section);
        for (size_t i = 0; i < n_config_keys; i++)
                if (strcmp(config_keys[i].section, section) == 0)
                        return config_warn(config, "%s:%u: Ignoring unknown key %s in [%s].", path, line,
                                           name, section);
        return config_warn(config, "%s:%u: Ignoring key %s in unknown section [%s].", path, line, name,
                           section);
}

static int config_assign(void *userdata, const char *path, unsigned first, unsigned last,
                         const char *section, const char *name, const char *value, char **reterr)
{
        _cleanup_free_ char *allowed = NULL, *shown = NULL;
        const ConfigKey *key = find_key(section, name);
        int r;

        if (!key)
                return warn_unknown(userdata, path, first, section, name);
        r = config_key_set(key, value, userdata);
        if (r != -EINVAL)
                return r;

        allowed = config_key_allowed(key);
        shown = key->secret ? strdup("this value") : text_sanitize(value, VALUE_SHOWN_MAX);
        if (!allowed || !shown)
                return -ENOMEM;
        return config_refuse(reterr, "%s:%u: [%s] %s cannot be %s%s, it must be %s.", path, first, section,
                             name, shown,
                             last > first ? " (joined with the indented lines that follow)" : "", allowed);
}

/* -- drop-ins -- */

static int is_drop_in(const struct dirent *entry)
{
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > strlen(".conf") &&
               strcmp(entry->d_name + length - strlen(".conf"), ".conf") == 0;
}

/* alphasort(3) would follow the locale. */
static int config_compare_names(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(Config *config, const char *path, char **reterr)
{
        _cleanup_free_ char *directory = text_format("%s.d", path);
        struct dirent **entries = NULL;
        int n, r = 0;

        if (!directory)
                return -ENOMEM;
        n = scandir(directory, &entries, is_drop_in, config_compare_names);
        if (n < 0 && errno == ENOENT)
                return 0;
        if (n < 0 || n > DROP_INS_MAX) {
                _cleanup_free_ char *shown = NULL;

                r = n < 0 ? -errno : -EFBIG;
                shown = text_sanitize(directory, PATH_MAX);
                if (shown && r == -EFBIG)
                        *reterr = text_format("%s: There are over %d drop-ins.", shown, DROP_INS_MAX);
                else if (shown)
                        *reterr = text_format("%s: Cannot be read: %s.", shown, strerror(-r));
                if (!*reterr)
                        r = -ENOMEM;
        }
        for (int i = 0; i < n; i++) {
                if (r >= 0) {
                        _cleanup_free_ char *file = text_format("%s/%s", directory, entries[i]->d_name);

                        r = file ? config_file_read(file, config_assign, config, reterr) : -ENOMEM;
                }
                free(entries[i]);
        }
        free(entries);
        return r;
}

/* -- values that must suit one another -- */

static bool ranges_overlap(PortRange a, PortRange b)
{
        return a.low <= b.high && b.low <= a.high;
}

/* Port of a checked `ADDRESS:PORT`; 0 if it is empty. */
static uint64_t address_port(const char *address)
{
        const char *colon = strrchr(address, ':');
        uint64_t port = 0;

        if (colon)
                (void) text_to_u64(colon + 1, UINT16_MAX, &port);
        return port;
}

static int config_check_ports(Config *config, char **reterr)
{
        const struct {
                const char *name;
                PortRange range;
        } ranges[] = { { "range", config->port_range }, { "stable-range", config->stable_range } };
        const struct {
                const char *name;
                uint64_t port;
        } addresses[] = { { "http", address_port(config->ingress_http) },
                          { "https", address_port(config->ingress_https) } };

        if (ranges_overlap(config->port_range, config->stable_range))
                return config_refuse(
                        reterr,
                        "[ports] range = %u-%u and stable-range = %u-%u overlap, no port may be in both.",
                        config->port_range.low, config->port_range.high, config->stable_range.low,
                        config->stable_range.high);

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++)
                for (size_t k = 0; k < ELEMENTSOF(ranges); k++)
                        if (addresses[i].port >= ranges[k].range.low &&
                            addresses[i].port <= ranges[k].range.high)
                                return config_refuse(
                                        reterr,
                                        "[ingress] %s has port %u of [ports] %s = %u-%u, it must be "
                                        "another.",
                                        addresses[i].name, (unsigned) addresses[i].port, ranges[k].name,
                                        ranges[k].range.low, ranges[k].range.high);
        if (addresses[0].port != 0 && addresses[0].port == addresses[1].port)
                return config_refuse(reterr,
                                     "[ingress] http and https have the same port %u, they must differ.",
                                     (unsigned) addresses[0].port);

        for (size_t i = 0; i < ELEMENTSOF(ranges); i++)
                if (ranges[i].range.high >= EPHEMERAL_PORT_FIRST) {
                        int r = config_warn(
                                config,
                                "[ports] %s = %u-%u has ports from %d on, which the kernel may give to "
                                "outgoing connections; a start can then find its port taken.",
                                ranges[i].name, ranges[i].range.low, ranges[i].range.high,
                                EPHEMERAL_PORT_FIRST);
                        if (r < 0)
                                return r;
                }
        return 0;
}

static int check_limits(const Config *config, char **reterr)
{
        if (config->app_memory_limit != 0 && config->app_memory_max > config->app_memory_limit)
                return config_refuse(
                        reterr, "[runner] app-memory-max is more than app-memory-limit, it must not be, "
                                "or app-memory-limit must be 0.");
        if (config->app_tasks_limit != 0 && config->app_tasks_max > config->app_tasks_limit)
                return config_refuse(reterr,
                                     "[runner] app-tasks-max is more than app-tasks-limit, it must not be, "
                                     "or app-tasks-limit must be 0.");
        return 0;
}

int config_load(const char *path, Config **ret, char **reterr)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *sentence = NULL;
        int r;

        assert(path);
        assert(ret);
        assert(reterr);

        *reterr = NULL;
        r = config_new(&config);
        if (r < 0)
                return r;

        r = config_file_read(path, config_assign, config, &sentence);
        if (r == -ENOENT) {
                free(TAKE_PTR(sentence));
                r = 0;
        }
        if (r >= 0)
                r = read_drop_ins(config, path, &sentence);
        if (r >= 0)
                r = config_check_ports(config, &sentence);
        if (r >= 0)
                r = check_limits(config, &sentence);
        if (r < 0) {
                *reterr = TAKE_PTR(sentence);
                return r;
        }
        *ret = TAKE_PTR(config);
        return 0;
}
