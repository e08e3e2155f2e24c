/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/dbus/fixture.h"

BUS_SUITE(introspection);

/* From the interface's first tag to its last, without comments and without blanks between tags. Caller
 * frees. */
static char *extract(const char *xml, const char *interface)
{
        char *start_tag, *result = malloc(strlen(xml) + 1);
        const char *from, *to;
        size_t n = 0;

        cr_assert(asprintf(&start_tag, "<interface name=\"%s\">", interface) > 0);
        from = strstr(xml, start_tag);
        cr_assert(from, "%s is not there", start_tag);
        to = strstr(from, "</interface>");
        cr_assert(to && result);
        while (from < to)
                if (strncmp(from, "<!--", 4) == 0)
                        from = strstr(from, "-->") + 3;
                else if (*from == '>') {
                        result[n++] = *from++;
                        /* Each tag on its own line, so that a difference can be read. */
                        result[n++] = '\n';
                        while (isspace((unsigned char) *from))
                                from++;
                } else if (isspace((unsigned char) *from) && n > 0 && result[n - 1] == '\n')
                        from++;
                else
                        result[n++] = *from++;
        result[n] = '\0';
        free(start_tag);
        return result;
}

static char *read_file(const char *path)
{
        FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        cr_assert(file, "%s cannot be opened", path);
        cr_assert(getdelim(&text, &size, '\0', file) > 0);
        (void) fclose(file);
        return text;
}

static void compare(const char *path, const char *interface)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = fixture_call(
                fixture.watcher, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        _cleanup_free_ char *file = NULL, *content = NULL, *wanted = NULL, *live = NULL;
        const char *xml;

        cr_assert(asprintf(&file, SOURCE_DIR "/dbus/%s.xml", interface) > 0);
        content = read_file(file);
        wanted = extract(content, interface);
        cr_assert(sd_bus_message_read(answer, "s", &xml) > 0);
        live = extract(xml, interface);
        cr_assert_str_eq(live, wanted, "%s is\n%s\nbut its file says\n%s", interface, live, wanted);
}

Test(introspection, is_what_the_files_say)
{
        Repository *repository = fixture_repository("shop");

        fixture_deployment(fixture_app("my-shop", repository), 42);
        compare(BUS_PATH, BUS_INTERFACE_MANAGER);
        compare(BUS_PATH_REPOSITORY "/shop", BUS_INTERFACE_REPOSITORY);
        compare(BUS_PATH_APP "/my_2dshop", BUS_INTERFACE_APP);
        compare(BUS_PATH_DEPLOYMENT "/_342", BUS_INTERFACE_DEPLOYMENT);
}

Test(introspection, lists_the_children)
{
        Repository *repository = fixture_repository("shop");
        static const char *const parents[] = { BUS_PATH_REPOSITORY, BUS_PATH_APP, BUS_PATH_DEPLOYMENT };
        static const char *const children[] = { "<node name=\"shop\"/>", "<node name=\"my_2dshop\"/>",
                                                "<node name=\"_342\"/>" };

        fixture_deployment(fixture_app("my-shop", repository), 42);
        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer =
                        fixture_call(fixture.client, parents[i], "org.freedesktop.DBus.Introspectable",
                                     "Introspect", NULL);
                const char *xml;

                cr_assert(sd_bus_message_read(answer, "s", &xml) > 0);
                cr_assert(strstr(xml, children[i]), "%s", xml);
        }
}
