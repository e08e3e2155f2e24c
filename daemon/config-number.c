/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The numeric values of the configuration: counts, time spans, sizes, quotas, port ranges. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"

typedef int (*QuantityParse)(const char *text, uint64_t *ret);

/* 0, or -EINVAL: one sentence says the form and the bounds, so which of both was missed makes no odds. */
static int parse_bounded(const ConfigKey *key, const char *text, QuantityParse parse, uint64_t *ret)
{
        uint64_t value, least, most;

        if (parse(text, &value) < 0)
                return -EINVAL;

        _unused_ int bounds_are_valid = parse(key->least, &least) == 0 && parse(key->most, &most) == 0;
        assert(bounds_are_valid);

        if (value < least || value > most)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int parse_number(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, count_parse, member);
}

static int parse_duration(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, duration_parse, member);
}

static int parse_size(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, size_parse, member);
}

static int parse_quota(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, share_parse, member);
}

static int parse_ports(const ConfigKey *key, const char *text, void *member)
{
        const char *dash = strchr(text, '-');
        _cleanup_free_ char *first = NULL;
        PortRange *range = member;
        uint64_t low, high;

        if (!dash)
                return -EINVAL;
        first = strndup(text, (size_t) (dash - text));
        if (!first)
                return -ENOMEM;
        if (parse_bounded(key, first, count_parse, &low) < 0 ||
            parse_bounded(key, dash + 1, count_parse, &high) < 0 || low > high)
                return -EINVAL;
        *range = (PortRange){ (uint16_t) low, (uint16_t) high };
        return 0;
}

static int clear_u64(void *member)
{
        *(uint64_t *) member = 0;
        return 0;
}

const ConfigType config_type_number = {
        .form = COUNT_FORM,
        .parse = parse_number,
        .clear = clear_u64,
};
const ConfigType config_type_duration = {
        .form = DURATION_FORM,
        .parse = parse_duration,
        .clear = clear_u64,
};
const ConfigType config_type_size = {
        .form = SIZE_FORM,
        .parse = parse_size,
        .clear = clear_u64,
};
const ConfigType config_type_quota = {
        .form = SHARE_FORM,
        .parse = parse_quota,
        .clear = clear_u64,
};
const ConfigType config_type_ports = {
        .form = "two port numbers, the lower one first, such as 20000-29999",
        .parse = parse_ports,
};
