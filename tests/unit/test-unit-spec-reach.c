/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-unit-spec.h"

#include <arpa/inet.h>

/* What a unit reaches: directories and networks. */
TestSuite(unit_spec_reach, .init = make_bus, .fini = remove_bus);

/* How many directories in memory a unit has at `path`, with these options. */
static unsigned count_tmpfs(const Example *example, const char *path, const char *options)
{
        _cleanup_message_ sd_bus_message *message = message_of(example);
        const char *name, *type, *where, *how;
        unsigned found = 0;

        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                if (strcmp(name, "TemporaryFileSystem") != 0)
                        must(sd_bus_message_skip(message, "v"));
                else {
                        must(sd_bus_message_enter_container(message, 'v', "a(ss)"));
                        must(sd_bus_message_enter_container(message, 'a', "(ss)"));
                        while (sd_bus_message_read(message, "(ss)", &where, &how) > 0)
                                if (strcmp(where, path) == 0) {
                                        cr_expect_str_eq(how, options);
                                        found++;
                                }
                        must(sd_bus_message_exit_container(message));
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
        }
        return found;
}

Test(unit_spec_reach, a_directory_in_memory_is_bounded_and_only_where_it_is_said)
{
        static const char options[] = "size=7,nr_inodes=8,mode=1777";

        for (size_t i = 0; i < ELEMENTSOF(examples); i++)
                cr_expect_eq(count_tmpfs(&examples[i], "/srv/app", options), examples[i].spec.tmpfs ? 1 : 0,
                             "%s", examples[i].title);
}

Test(unit_spec_reach, shared_memory_is_bounded)
{
        cr_expect_eq(count_tmpfs(example("app"), "/dev/shm", "size=8192,nr_inodes=3,mode=1777"), 1);
        cr_expect_eq(count_tmpfs(example("fetch"), "/dev/shm", "size=64K,nr_inodes=16,mode=755,ro"), 1);
        cr_expect_eq(count_tmpfs(example("import"), "/dev/shm", "size=64K,nr_inodes=16,mode=755,ro"), 1);
}

/* Whether an address of `family` is in a network that the unit is denied. */
static bool is_denied(const Example *example, const char *address)
{
        _cleanup_message_ sd_bus_message *message = message_of(example);
        int family = strchr(address, ':') ? AF_INET6 : AF_INET, read;
        unsigned char bytes[sizeof(struct in6_addr)];
        const char *name, *type;
        const void *network;
        bool found = false;
        uint32_t prefix;
        size_t size;

        cr_assert_eq(inet_pton(family, address, bytes), 1, "%s", address);
        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                if (strcmp(name, "IPAddressDeny") != 0)
                        must(sd_bus_message_skip(message, "v"));
                else {
                        must(sd_bus_message_enter_container(message, 'v', "a(iayu)"));
                        must(sd_bus_message_enter_container(message, 'a', "(iayu)"));
                        while (sd_bus_message_enter_container(message, 'r', "iayu") > 0) {
                                unsigned bit = 0;

                                must(sd_bus_message_read(message, "i", &read));
                                must(sd_bus_message_read_array(message, 'y', &network, &size));
                                must(sd_bus_message_read(message, "u", &prefix));
                                must(sd_bus_message_exit_container(message));
                                cr_assert_leq(prefix, size * 8);
                                while (bit < prefix &&
                                       ((bytes[bit / 8] ^ ((const unsigned char *) network)[bit / 8]) &
                                        (0x80 >> bit % 8)) == 0)
                                        bit++;
                                found |= read == family && bit == prefix;
                        }
                        must(sd_bus_message_exit_container(message));
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
        }
        return found;
}

Test(unit_spec_reach, a_unit_reaches_what_its_network_allows)
{
        static const struct {
                const char *address;
                bool app, build; /* may reach it */
        } cases[] = {
                { "127.0.0.1", true, false },  { "127.255.255.254", true, false },
                { "0.0.0.0", true, false },    { "10.1.2.3", true, false },
                { "172.16.0.1", true, false }, { "172.31.255.255", true, false },
                { "172.32.0.1", true, true },  { "192.168.0.1", true, false },
                { "192.169.0.1", true, true }, { "100.64.0.1", true, false },
                { "100.128.0.1", true, true }, { "169.254.169.254", false, false },
                { "11.0.0.1", true, true },    { "192.0.2.1", true, true },
                { "::1", true, false },        { "fd00:ec2::254", false, false },
                { "fd12::1", true, false },    { "fc00::1", true, false },
                { "fe80::1", true, false },    { "febf::1", true, false },
                { "2001:db8::1", true, true }, { "::2", true, true },
        };
        const Example *none = example("build, without a network");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *address = cases[i].address;

                cr_expect_eq(is_denied(example("app"), address), !cases[i].app, "%s", address);
                cr_expect_eq(is_denied(example("release"), address), !cases[i].app, "%s", address);
                cr_expect_eq(is_denied(example("build"), address), !cases[i].build, "%s", address);
                cr_expect(is_denied(none, address), "%s", address);
                cr_expect(is_denied(example("import"), address), "%s", address);
        }
}

/* What a bind list of the message says of a target: whether it is there, from `source`. */
static bool has_bind(const Example *example, const char *property, const char *source, const char *target)
{
        _cleanup_message_ sd_bus_message *message = message_of(example);
        const char *name, *type, *from, *to;
        bool found = false;
        uint64_t flags;
        int optional;

        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                if (strcmp(name, property) != 0)
                        must(sd_bus_message_skip(message, "v"));
                else {
                        must(sd_bus_message_enter_container(message, 'v', "a(ssbt)"));
                        must(sd_bus_message_enter_container(message, 'a', "(ssbt)"));
                        while (sd_bus_message_read(message, "(ssbt)", &from, &to, &optional, &flags) > 0) {
                                cr_expect_eq(flags, 0);
                                found |= strcmp(from, source) == 0 && strcmp(to, target) == 0 && !optional;
                        }
                        must(sd_bus_message_exit_container(message));
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
        }
        return found;
}

Test(unit_spec_reach, binds_are_writable_only_where_it_is_said)
{
        for (size_t i = 0; i < ELEMENTSOF(examples); i++)
                for (const UnitBind *bind = examples[i].spec.binds; bind->source; bind++) {
                        cr_expect_eq(has_bind(&examples[i], "BindPaths", bind->source, bind->target),
                                     bind->writable, "%s: %s", examples[i].title, bind->source);
                        cr_expect_eq(has_bind(&examples[i], "BindReadOnlyPaths", bind->source, bind->target),
                                     !bind->writable, "%s: %s", examples[i].title, bind->source);
                }
}
