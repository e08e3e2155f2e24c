/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-unit-spec.h"

TestSuite(unit_spec_text, .init = make_bus, .fini = remove_bus);

static bool is_allowed(int byte)
{
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || (byte != 0 && strchr("/._-=:@+", byte));
}

static int try(const UnitSpec *spec)
{
        _cleanup_message_ sd_bus_message *message = NULL;

        return append(spec, &message);
}

Test(unit_spec_text, no_byte_outside_the_alphabet_gets_through_any_text, .timeout = 120)
{
        UnitSpec spec = full_spec();
        const char **fields[TEXTS_MAX];
        size_t n = texts_of(&spec, fields);

        cr_assert_eq(try(&spec), 0);
        for (size_t i = 0; i < n; i++) {
                const char *good = *fields[i];

                for (int byte = 1; byte <= UINT8_MAX; byte++) {
                        int expected = is_allowed(byte) ? 0 : -EINVAL;
                        char text[] = "/a?b";

                        text[2] = (char) byte;
                        *fields[i] = text;
                        cr_expect_eq(try(&spec), expected, "text %zu, byte %d within", i, byte);
                }
                for (int byte = 1; byte <= UINT8_MAX; byte++) {
                        char text[] = { (char) byte, 0 };

                        if (is_allowed(byte))
                                continue;
                        *fields[i] = text;
                        cr_expect_eq(try(&spec), -EINVAL, "text %zu, byte %d alone", i, byte);
                }
                /* A field of the journal may have an empty value, a property may not. */
                *fields[i] = "";
                if (fields[i] < &spec.log_app || fields[i] > &spec.log_revision)
                        cr_expect_eq(try(&spec), -EINVAL, "text %zu, empty", i);
                *fields[i] = "/ends\n";
                cr_expect_eq(try(&spec), -EINVAL, "text %zu, a newline at its end", i);
                *fields[i] = good;
        }
        cr_assert_eq(try(&spec), 0);
}
