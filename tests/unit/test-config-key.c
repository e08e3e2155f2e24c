/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each key of the configuration, by the rows of its table. */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"

/* A value other than the default, and one that must be refused, for every type. */
static const struct {
        const ConfigType *type;
        const char *other, *bad;
} samples[] = {
        { &config_type_number, "7", "7 apples" },
        { &config_type_duration, "7min", "soon" },
        { &config_type_size, "1234567", "7X" },
        { &config_type_quota, "70%", "70" },
        { &config_type_ports, "2000-2001", "2000" },
        { &config_type_paths, "/srv/git", "srv/git" },
        { &config_type_networks, "192.0.2.1", "192.0.2.0/33" },
        { &config_type_proxy, "http://proxy:3128", "proxy:3128" },
        { &config_type_hosts, "git.example.com", "git.example.com:80" },
        { &config_type_address, "*:80", "80" },
        { &config_type_base_url, "https://apps.example.com", "apps.example.com" },
        { &config_type_database, "postgres:///deployd", "mysql:///deployd" },
};

/* A value other than the default: for booleans and words it depends on the key.
 */
static const char *other_value(const ConfigKey *key)
{
        if (key->type == &config_type_boolean)
                return strcmp(key->fallback, "yes") == 0 ? "no" : "yes";
        if (key->words)
                return strcmp(key->words[0], key->fallback) == 0 ? key->words[1] : key->words[0];
        for (size_t i = 0; i < ELEMENTSOF(samples); i++)
                if (samples[i].type == key->type)
                        return samples[i].other;
        cr_assert_fail("no sample for the type of %s", key->name);
        return NULL;
}

static const char *bad_value(const ConfigKey *key)
{
        for (size_t i = 0; i < ELEMENTSOF(samples); i++)
                if (samples[i].type == key->type)
                        return samples[i].bad;
        return "perhaps";
}

static Config *config_of_defaults(void)
{
        Config *config = calloc(1, sizeof(Config));

        cr_assert_not_null(config);
        for (size_t i = 0; i < n_config_keys; i++)
                cr_assert_eq(config_key_set(&config_keys[i], "", config), 0, "%s", config_keys[i].name);
        return config;
}

static bool lists_equal(char **a, char **b)
{
        for (; *a && *b; a++, b++)
                if (strcmp(*a, *b) != 0)
                        return false;
        return *a == *b;
}

static bool members_equal(const ConfigKey *key, Config *a, Config *b)
{
        void *x = config_member(key, a), *y = config_member(key, b);

        if (key->type == &config_type_words || key->type == &config_type_paths ||
            key->type == &config_type_networks || key->type == &config_type_hosts)
                return lists_equal(*(char ***) x, *(char ***) y);
        if (key->type->release)
                return strcmp(*(char **) x, *(char **) y) == 0;
        if (key->type == &config_type_boolean)
                return *(bool *) x == *(bool *) y;
        if (key->type == &config_type_word)
                return *(int *) x == *(int *) y;
        if (key->type == &config_type_ports)
                return memcmp(x, y, sizeof(PortRange)) == 0;
        return *(uint64_t *) x == *(uint64_t *) y;
}

Test(config_key, every_key_can_be_set_and_changes_its_own_member_only)
{
        for (size_t i = 0; i < n_config_keys; i++) {
                _cleanup_(config_freep) Config *config = config_of_defaults(),
                                               *defaults = config_of_defaults();

                cr_assert_eq(config_key_set(&config_keys[i], other_value(&config_keys[i]), config), 0, "%s",
                             config_keys[i].name);
                for (size_t k = 0; k < n_config_keys; k++)
                        cr_expect_eq(members_equal(&config_keys[k], config, defaults), i != k, "%s after %s",
                                     config_keys[k].name, config_keys[i].name);
        }
}

Test(config_key, an_empty_value_is_the_default_again)
{
        _cleanup_(config_freep) Config *config = config_of_defaults(), *defaults = config_of_defaults();

        for (size_t i = 0; i < n_config_keys; i++) {
                cr_assert_eq(config_key_set(&config_keys[i], other_value(&config_keys[i]), config), 0);
                cr_assert_eq(config_key_set(&config_keys[i], "", config), 0);
                cr_expect(members_equal(&config_keys[i], config, defaults), "%s", config_keys[i].name);
        }
}

Test(config_key, a_bad_value_is_refused_and_changes_nothing)
{
        _cleanup_(config_freep) Config *config = config_of_defaults(), *other = config_of_defaults();

        for (size_t i = 0; i < n_config_keys; i++) {
                const ConfigKey *key = &config_keys[i];

                cr_assert_eq(config_key_set(key, other_value(key), config), 0);
                cr_assert_eq(config_key_set(key, other_value(key), other), 0);
                cr_expect_eq(config_key_set(key, bad_value(key), config), -EINVAL, "%s", key->name);
                cr_expect_eq(config_key_set(key, "\"", config), -EINVAL, "%s", key->name);
                cr_expect(members_equal(key, config, other), "%s", key->name);
        }
}

Test(config_key, the_bounds_of_every_number_are_allowed_and_in_order)
{
        _cleanup_(config_freep) Config *config = config_of_defaults();

        for (size_t i = 0; i < n_config_keys; i++) {
                const ConfigKey *key = &config_keys[i];
                uint64_t least;

                if (!key->least || key->type == &config_type_ports)
                        continue;
                cr_assert_eq(config_key_set(key, key->least, config), 0, "%s", key->name);
                least = *(uint64_t *) config_member(key, config);
                cr_assert_eq(config_key_set(key, key->most, config), 0, "%s", key->name);
                cr_expect_lt(least, *(uint64_t *) config_member(key, config), "%s", key->name);
        }
}

Test(config_key, what_is_allowed_is_said_for_every_key)
{
        for (size_t i = 0; i < n_config_keys; i++) {
                const ConfigKey *key = &config_keys[i];
                _cleanup_free_ char *allowed = config_key_allowed(key);

                cr_assert_not_null(allowed);
                if (key->least) {
                        cr_expect_not_null(strstr(allowed, key->least), "%s: %s", key->name, allowed);
                        cr_expect_not_null(strstr(allowed, key->most), "%s: %s", key->name, allowed);
                }
                for (size_t k = 0; key->words && key->words[k]; k++)
                        cr_expect_not_null(strstr(allowed, key->words[k]), "%s: %s", key->name, allowed);
        }
}

Test(config_key, words_are_joined_as_in_a_sentence)
{
        static const char *const one[] = { "a", NULL }, *const two[] = { "a", "b", NULL },
                                 *const three[] = { "a", "b", "c", NULL };
        _cleanup_free_ char *first = config_words_join(one), *second = config_words_join(two),
                            *third = config_words_join(three);

        cr_expect_str_eq(first, "a");
        cr_expect_str_eq(second, "a or b");
        cr_expect_str_eq(third, "a, b or c");
}
