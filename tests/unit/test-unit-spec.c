/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-unit-spec.h"

TestSuite(unit_spec, .init = make_bus, .fini = remove_bus);

/* Types of the properties as org.freedesktop.systemd1(5) has them, except what it says of transient units:
 * ExecStart without what only a run knows, and AddRef and the descriptors, which cannot be read. */
static const struct {
        const char *name, *type;
        bool adds; /* a second value adds to the first: systemd.exec(5) */
} properties[] = {
        { "AddRef", "b" },
        { "After", "as" },
        { "AmbientCapabilities", "t" },
        { "Before", "as" },
        { "BindPaths", "a(ssbt)", true },
        { "BindReadOnlyPaths", "a(ssbt)", true },
        { "CPUQuotaPerSecUSec", "t" },
        { "CacheDirectory", "as" },
        { "CacheDirectoryMode", "u" },
        { "CapabilityBoundingSet", "t" },
        { "CollectMode", "s" },
        { "DevicePolicy", "s" },
        { "DynamicUser", "b" },
        { "EnvironmentFiles", "a(sb)" },
        { "ExecPaths", "as", true },
        { "ExecStart", "a(sasb)" },
        { "ExecStopPost", "a(sasb)" },
        { "IPAddressDeny", "a(iayu)" },
        { "IgnoreOnIsolate", "b" },
        { "InaccessiblePaths", "as" },
        { "KeyringMode", "s" },
        { "KillMode", "s" },
        { "LimitCORE", "t" },
        { "LimitFSIZE", "t" },
        { "LimitNOFILE", "t" },
        { "LoadCredential", "a(ss)", true },
        { "LockPersonality", "b" },
        { "LogExtraFields", "aay" },
        { "LogRateLimitBurst", "u" },
        { "LogRateLimitIntervalUSec", "t" },
        { "MountAPIVFS", "b" },
        { "MemoryDenyWriteExecute", "b" },
        { "MemoryMax", "t" },
        { "MemorySwapMax", "t" },
        { "NoNewPrivileges", "b" },
        { "NotifyAccess", "s" },
        { "OOMPolicy", "s" },
        { "OOMScoreAdjust", "i" },
        { "PrivateDevices", "b" },
        { "PrivateIPC", "b" },
        { "PrivateNetwork", "b" },
        { "PrivateTmp", "b" },
        { "PrivateUsers", "b" },
        { "ProcSubset", "s" },
        { "ProtectClock", "b" },
        { "ProtectControlGroups", "b" },
        { "ProtectHome", "s" },
        { "ProtectHostname", "b" },
        { "ProtectKernelLogs", "b" },
        { "ProtectKernelModules", "b" },
        { "ProtectKernelTunables", "b" },
        { "ProtectProc", "s" },
        { "ProtectSystem", "s" },
        { "RemainAfterExit", "b" },
        { "RemoveIPC", "b" },
        { "Restart", "s" },
        { "RestartUSec", "t" },
        { "RestrictAddressFamilies", "(bas)", true },
        { "RestrictNamespaces", "t" },
        { "RestrictRealtime", "b" },
        { "RestrictSUIDSGID", "b" },
        { "RootDirectory", "s" },
        { "SendSIGKILL", "b" },
        { "Slice", "s" },
        { "StandardError", "s" },
        { "StandardInputFileDescriptor", "h" },
        { "StandardOutput", "s" },
        { "StandardOutputFileDescriptor", "h" },
        { "StartLimitBurst", "u" },
        { "StartLimitIntervalUSec", "t" },
        { "StateDirectory", "as", true },
        { "StateDirectoryMode", "u" },
        { "SyslogIdentifier", "s" },
        { "SystemCallArchitectures", "as" },
        { "SystemCallErrorNumber", "i" },
        { "SystemCallFilter", "(bas)", true },
        { "TasksMax", "t" },
        { "TemporaryFileSystem", "a(ss)", true },
        { "TimeoutStartUSec", "t" },
        { "TimeoutStopUSec", "t" },
        { "Type", "s" },
        { "UMask", "u" },
        { "User", "s" },
        { "WorkingDirectory", "s" },
};

Test(unit_spec, every_property_has_systemds_type_and_comes_once)
{
        for (size_t i = 0; i < ELEMENTSOF(examples); i++) {
                _cleanup_message_ sd_bus_message *message = message_of(&examples[i]);
                unsigned seen[ELEMENTSOF(properties)] = {};
                const char *name, *type, *title = examples[i].title;

                must(sd_bus_message_enter_container(message, 'a', "(sv)"));
                while (next_property(message, &name, &type)) {
                        size_t at = 0;

                        while (at < ELEMENTSOF(properties) && strcmp(properties[at].name, name) != 0)
                                at++;
                        cr_assert_lt(at, ELEMENTSOF(properties), "%s: %s is no property", title, name);
                        cr_expect_str_eq(type, properties[at].type, "%s: %s", title, name);
                        cr_expect(++seen[at] == 1 || properties[at].adds, "%s: %s twice", title, name);
                        must(sd_bus_message_skip(message, "v"));
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
                cr_expect(sd_bus_message_at_end(message, true), "%s", title);
        }
}

/* Whether the unit has the property with just this text (or list of one), number or truth. */
static unsigned count_values(const Example *example, const char *property, const char *text, uint64_t number)
{
        _cleanup_message_ sd_bus_message *message = message_of(example);
        const char *name, *type, *value;
        unsigned found = 0;
        uint64_t big;
        int small;

        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                if (strcmp(name, property) != 0)
                        must(sd_bus_message_skip(message, "v"));
                else if (strcmp(type, "s") == 0) {
                        must(sd_bus_message_read(message, "v", "s", &value));
                        found += text && strcmp(value, text) == 0;
                } else if (strcmp(type, "as") == 0) {
                        must(sd_bus_message_read(message, "v", "as", 1, &value));
                        found += text && strcmp(value, text) == 0;
                } else if (strcmp(type, "t") == 0) {
                        must(sd_bus_message_read(message, "v", "t", &big));
                        found += !text && big == number;
                } else {
                        must(sd_bus_message_read(message, "v", type, &small));
                        found += !text && (uint64_t) small == number;
                }
                must(sd_bus_message_exit_container(message));
        }
        return found;
}

Test(unit_spec, the_values_of_a_unit_are_its_own)
{
        const Example *app = example("app"), *import = example("import"), *build = example("build"),
                      *release = example("release"), *cleaner = example("remove, of a dynamic user"),
                      *notifier = example("app that says when it is ready");

        cr_expect_eq(count_values(app, "Slice", "deployd-apps-my_shop.slice", 0), 1);
        cr_expect_eq(count_values(app, "User", "deployd-a7", 0), 1);
        cr_expect_eq(count_values(app, "StateDirectory", "deployd-apps/7", 0), 1);
        cr_expect_eq(count_values(app, "StateDirectory", "deployd-apps/7+data", 0), 1);
        cr_expect_eq(count_values(app, "CacheDirectory", "deployd-apps/7", 0), 1);
        cr_expect_eq(count_values(app, "TimeoutStartUSec", NULL, 60), 1);
        cr_expect_eq(count_values(app, "TimeoutStopUSec", NULL, 30), 1);
        cr_expect_eq(count_values(app, "MemoryMax", NULL, 1), 1);
        cr_expect_eq(count_values(app, "TasksMax", NULL, 2), 1);
        cr_expect_eq(count_values(app, "CPUQuotaPerSecUSec", NULL, 3), 1);
        cr_expect_eq(count_values(app, "Restart", "always", 0), 1);
        cr_expect_eq(count_values(app, "RestartUSec", NULL, 4), 1);
        cr_expect_eq(count_values(app, "StartLimitBurst", NULL, 5), 1);
        cr_expect_eq(count_values(app, "StartLimitIntervalUSec", NULL, 5 * 12 * 4), 1);
        cr_expect_eq(count_values(app, "SyslogIdentifier", "my-shop/web.1", 0), 1);
        cr_expect_eq(count_values(app, "RemainAfterExit", NULL, true), 1);
        cr_expect_eq(count_values(app, "CollectMode", "inactive", 0), 1);
        cr_expect_eq(count_values(app, "Type", "exec", 0), 1);
        cr_expect_eq(count_values(app, "NotifyAccess", "all", 0), 0);
        cr_expect_eq(count_values(notifier, "Type", "notify", 0), 1);
        cr_expect_eq(count_values(notifier, "NotifyAccess", "all", 0), 1);
        cr_expect_eq(count_values(import, "Type", "oneshot", 0), 1);
        cr_expect_eq(count_values(import, "CapabilityBoundingSet", NULL, 0), 1);
        cr_expect_eq(count_values(import, "User", "", 0), 0);
        cr_expect_eq(count_values(import, "RootDirectory", "/run/deployd/root", 0), 1);
        cr_expect_eq(count_values(import, "PrivateUsers", NULL, true), 1);
        cr_expect_eq(count_values(example("fetch"), "RootDirectory", "/run/deployd/root", 0), 1);
        cr_expect_eq(count_values(cleaner, "RootDirectory", "/run/deployd/root", 0), 1);
        cr_expect_eq(count_values(build, "Type", "oneshot", 0), 1);
        cr_expect_eq(count_values(build, "NotifyAccess", "main", 0), 1);
        cr_expect_eq(count_values(build, "OOMScoreAdjust", NULL, 500), 1);
        cr_expect_eq(count_values(build, "PrivateNetwork", NULL, true), 0);
        cr_expect_eq(count_values(example("build, without a network"), "PrivateNetwork", NULL, true), 1);
        cr_expect_eq(count_values(release, "PrivateNetwork", NULL, true), 0);
        cr_expect_eq(count_values(release, "Type", "oneshot", 0), 1);
        cr_expect_eq(count_values(release, "WorkingDirectory", "/srv/app", 0), 1);
        cr_expect_eq(count_values(release, "SyslogIdentifier", "my-shop/release.1", 0), 1);
        cr_expect_eq(count_values(cleaner, "AddRef", NULL, true), 1);
        cr_expect_eq(count_values(cleaner, "RemainAfterExit", NULL, true), 0);
}

Test(unit_spec, what_was_made_for_it_may_run_on_a_disk_that_is_mounted_noexec)
{
        const Example *app = example("app"), *build = example("build"), *release = example("release");

        cr_expect_eq(count_values(app, "ExecPaths", "/srv/app", 0), 1);
        cr_expect_eq(count_values(release, "ExecPaths", "/srv/app", 0), 1);
        /* Its tree is in memory: systemd 252 would leave that out. */
        cr_expect_eq(count_values(build, "ExecPaths", "/srv/app", 0), 0);
        cr_expect_eq(count_values(build, "ExecPaths", "/tmp", 0), 1);
        cr_expect_eq(count_values(build, "ExecPaths", "/var/tmp", 0), 1);
        cr_expect_eq(count_values(build, "ExecPaths", "/var/cache/private/deployd-build/7", 0), 1);
        cr_expect_eq(count_values(app, "ExecPaths", "/tmp", 0), 0);
        cr_expect_eq(count_values(example("fetch"), "ExecPaths", "/srv/app", 0), 0);
}

Test(unit_spec, every_kind_is_locked_in)
{
        static const struct {
                const char *property, *text;
                uint64_t number;
        } cases[] = {
                { "NoNewPrivileges", NULL, true },
                { "CapabilityBoundingSet", NULL, 0 },
                { "AmbientCapabilities", NULL, 0 },
                { "ProtectSystem", "strict", 0 },
                { "ProtectHome", "yes", 0 },
                { "PrivateTmp", NULL, true },
                { "PrivateDevices", NULL, true },
                { "ProtectProc", "invisible", 0 },
                { "ProtectKernelTunables", NULL, true },
                { "RestrictSUIDSGID", NULL, true },
                { "KillMode", "control-group", 0 },
                { "SendSIGKILL", NULL, true },
                { "CollectMode", "inactive", 0 },
                { "IgnoreOnIsolate", NULL, true },
                { "LimitCORE", NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(examples); i++)
                for (size_t j = 0; j < ELEMENTSOF(cases); j++)
                        cr_expect_eq(count_values(&examples[i], cases[j].property, cases[j].text,
                                                  cases[j].number),
                                     1, "%s: %s", examples[i].title, cases[j].property);
}

/* Reads the commands of a property: they are to be `arguments`. How many there were. */
static unsigned count_commands(const Example *example, const char *property, const char *const arguments[],
                               bool may_fail)
{
        _cleanup_message_ sd_bus_message *message = message_of(example);
        const char *name, *type, *word;
        unsigned commands = 0;
        int ignore;

        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                cr_expect_str_neq(name, "Description");
                if (strcmp(name, property) != 0) {
                        must(sd_bus_message_skip(message, "v"));
                        must(sd_bus_message_exit_container(message));
                        continue;
                }
                must(sd_bus_message_enter_container(message, 'v', "a(sasb)"));
                must(sd_bus_message_enter_container(message, 'a', "(sasb)"));
                while (sd_bus_message_enter_container(message, 'r', "sasb") > 0) {
                        size_t n = 0;

                        commands++;
                        must(sd_bus_message_read(message, "s", &word));
                        cr_expect_str_eq(word, arguments[0]);
                        cr_expect(word && word[0] == '/', "%s", word);
                        must(sd_bus_message_enter_container(message, 'a', "s"));
                        while (sd_bus_message_read_basic(message, 's', &word) > 0)
                                cr_expect_str_eq(word, arguments[n++]);
                        cr_expect_null(arguments[n]);
                        must(sd_bus_message_exit_container(message));
                        must(sd_bus_message_read(message, "b", &ignore));
                        cr_expect_eq((bool) ignore, may_fail, "%s: whether a failure of it counts",
                                     property);
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
                must(sd_bus_message_exit_container(message));
                must(sd_bus_message_exit_container(message));
        }
        return commands;
}

Test(unit_spec, the_command_is_the_program_and_its_words_and_never_through_a_shell)
{
        for (size_t i = 0; i < ELEMENTSOF(examples); i++) {
                const UnitSpec *spec = &examples[i].spec;

                cr_expect_eq(count_commands(&examples[i], "ExecStart", spec->arguments, false), 1, "%s",
                             examples[i].title);
                cr_expect_eq(count_commands(&examples[i], "ExecStopPost", spec->stop_post, true),
                             spec->stop_post[0] ? 1 : 0, "%s", examples[i].title);
        }
}

Test(unit_spec, each_line_of_the_journal_gets_its_fields)
{
        static const char *const expected[] = {
                "DEPLOYD_APP=my-shop", "DEPLOYD_DEPLOYMENT=42", "DEPLOYD_PROCESS=web.1",
                "DEPLOYD_REVISION=0123456789abcdef0123456789abcdef01234567"
        };
        _cleanup_message_ sd_bus_message *message = message_of(&examples[0]);
        const char *name, *type;
        const void *bytes;
        size_t size, n = 0;

        must(sd_bus_message_enter_container(message, 'a', "(sv)"));
        while (next_property(message, &name, &type)) {
                if (strcmp(name, "LogExtraFields") != 0)
                        must(sd_bus_message_skip(message, "v"));
                else {
                        must(sd_bus_message_enter_container(message, 'v', "aay"));
                        must(sd_bus_message_enter_container(message, 'a', "ay"));
                        while (sd_bus_message_read_array(message, 'y', &bytes, &size) > 0) {
                                cr_assert_lt(n, ELEMENTSOF(expected));
                                cr_assert_eq(size, strlen(expected[n]));
                                cr_expect_arr_eq(bytes, expected[n], size);
                                n++;
                        }
                        must(sd_bus_message_exit_container(message));
                        must(sd_bus_message_exit_container(message));
                }
                must(sd_bus_message_exit_container(message));
        }
        cr_expect_eq(n, ELEMENTSOF(expected));
}
