/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/app-json.h"

#include <json-c/json.h>
#include <string.h>

#include "base/text.h"
#include "release/procfile.h"
#include "release/refuse.h"

/* Of nesting in the file: what counts has four. */
#define DEPTH_MAX 16

#define COUNT_MAX    9999           /* of instances of one process: as the database has it */
#define ATTEMPTS_MAX 1000           /* of a health check */
#define SECONDS_MAX  (24 * 60 * 60) /* no time of a start is longer */

#define NOT_ONE_LINE "is not one line of UTF-8 without control characters"

/* Of a variable's name: as the daemon takes them. */
#define VARIABLE_NAME_MAX 255

/* One reading: where it is, for a sentence, and what it has counted. */
typedef struct Reading {
        Ticket *answer;
        AppScripts *scripts;
        char **reterr;
        unsigned n_variables;
        char *ignored;
} Reading;

static int refuse_key(const Reading *reading, const char *where, const char *key, const char *fault)
{
        _cleanup_free_ char *shown = text_sanitize(key, VARIABLE_NAME_MAX);

        return shown ? refuse(reading->reterr, -EINVAL, APP_JSON_NAME ": %s%s%s %s", where,
                              where[0] ? "." : "", shown, fault)
                     : -ENOMEM;
}

static int app_json_ignore(Reading *reading, const char *where, const char *key)
{
        _cleanup_free_ char *shown = text_sanitize(key, VARIABLE_NAME_MAX), *longer = NULL;

        if (!shown)
                return -ENOMEM;
        longer = text_format("%s%s%s%s%s", text_or_empty(reading->ignored), reading->ignored ? " " : "",
                             where, where[0] ? "." : "", shown);
        if (!longer)
                return -ENOMEM;
        free(reading->ignored);
        reading->ignored = TAKE_PTR(longer);
        return 0;
}

/* A string, or NULL: it is none, or has a NUL (\\u0000), behind which nobody would see it. */
static const char *text_of(struct json_object *value)
{
        const char *text;

        if (!json_object_is_type(value, json_type_string))
                return NULL;
        text = json_object_get_string(value);
        return strlen(text) == (size_t) json_object_get_string_len(value) ? text : NULL;
}

/* A whole number of 0 to `max`. 0, -EINVAL. */
static int app_json_read_number(struct json_object *value, uint64_t max, uint64_t *ret)
{
        if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
            (uint64_t) json_object_get_int64(value) > max)
                return -EINVAL;
        *ret = (uint64_t) json_object_get_int64(value);
        return 0;
}

/* ---- formation ---- */

static int app_json_read_process(Reading *reading, const char *process, struct json_object *value)
{
        _cleanup_free_ char *key = text_format("formation.%s", process);
        struct json_object *quantity = NULL;
        uint64_t count = 0;

        if (!key)
                return -ENOMEM;
        if (!process_name_is_valid(process))
                return refuse_key(reading, "formation", process, "is not the name of a process");
        if (!json_object_is_type(value, json_type_object))
                return refuse_key(reading, "formation", process, "is not an object");
        if (!json_object_object_get_ex(value, "quantity", &quantity))
                return 0;
        if (app_json_read_number(quantity, COUNT_MAX, &count) < 0)
                return refuse_key(reading, key, "quantity", "is not a number from 0 to 9999");
        return ticket_set_u64(reading->answer, key, count);
}

/* ---- env ---- */

static bool variable_is_valid(const char *name)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
        size_t length = strlen(name);

        return length > 0 && length <= VARIABLE_NAME_MAX && strchr(letters, name[0]) &&
               strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") == length;
}

static int add_variable(Reading *reading, const char *kind, const char *name, const char *value)
{
        _cleanup_free_ char *key = text_format("variable%s.%u", kind, reading->n_variables++);
        _cleanup_free_ char *line = text_format("%s%s%s", name, value ? "=" : "", text_or_empty(value));
        int r;

        if (!key || !line)
                return -ENOMEM;
        r = ticket_set(reading->answer, key, line);
        return r == -EINVAL ? refuse_key(reading, "env", name, "has a value that " NOT_ONE_LINE) : r;
}

static int add_default(Reading *reading, const char *name, struct json_object *value)
{
        const char *text = text_of(value);

        return text ? add_variable(reading, "", name, text)
                    : refuse_key(reading, "env", name, "has a value that " NOT_ONE_LINE);
}

static int read_variable(Reading *reading, const char *name, struct json_object *value)
{
        struct json_object *generator = NULL, *fallback = NULL, *required = NULL;

        if (!variable_is_valid(name))
                return refuse_key(reading, "env", name, "is not the name of a variable");
        if (json_object_is_type(value, json_type_string))
                return add_default(reading, name, value);
        if (!json_object_is_type(value, json_type_object))
                return refuse_key(reading, "env", name, "is neither a text nor an object");
        if (json_object_object_get_ex(value, "generator", &generator)) {
                if (strcmp(text_or_empty(text_of(generator)), "secret") != 0)
                        return refuse_key(reading, "env", name, "has a generator other than \"secret\"");
                return add_variable(reading, "-secret", name, NULL);
        }
        if (json_object_object_get_ex(value, "value", &fallback)) {
                if (!json_object_is_type(fallback, json_type_string))
                        return refuse_key(reading, "env", name, "has a value that is not a text");
                return add_default(reading, name, fallback);
        }
        /* Heroku's default is that it is. */
        if (json_object_object_get_ex(value, "required", &required) &&
            !json_object_is_type(required, json_type_boolean))
                return refuse_key(reading, "env", name, "has a required that is neither true nor false");
        return required && !json_object_get_boolean(required)
                       ? 0
                       : add_variable(reading, "-required", name, NULL);
}

/* ---- healthchecks ---- */

/* One of `web`, if it is the one for the start. */
static int read_check(Reading *reading, struct json_object *check)
{
        static const struct {
                const char *name, *key;
                uint64_t max, unit;
                const char *fault;
        } numbers[] = {
                { "attempts", "health.attempts", ATTEMPTS_MAX, 1, "is not a number from 0 to 1000" },
                { "timeout", "health.timeout-usec", SECONDS_MAX, USEC_PER_SEC,
                  "is not a number of seconds" },
                { "wait", "health.wait-usec", SECONDS_MAX, USEC_PER_SEC, "is not a number of seconds" },
        };
        static const char where[] = "healthchecks.web";
        struct json_object *type = NULL, *path = NULL, *value;
        int r;

        if (!json_object_is_type(check, json_type_object))
                return refuse_key(reading, "", where, "has something that is not an object");
        if (json_object_object_get_ex(check, "type", &type) && !text_of(type))
                return refuse_key(reading, where, "type", "is not a text");
        if (type && strcmp(text_of(type), "startup") != 0)
                return app_json_ignore(reading, where, text_of(type));
        if (!json_object_object_get_ex(check, "path", &path))
                return app_json_ignore(reading, where, "startup");
        if (text_or_empty(text_of(path))[0] != '/')
                return refuse_key(reading, where, "path", "is not a text that begins with /");
        if (!text_is_http_target(text_of(path)))
                return refuse_key(
                        reading, where, "path",
                        "has more than 256 characters, a blank, a # or something that is not ASCII");
        r = ticket_set(reading->answer, "health.path", text_of(path));
        if (r == -EINVAL)
                return refuse_key(reading, where, "path", "is there twice");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++) {
                uint64_t number;

                if (!json_object_object_get_ex(check, numbers[i].name, &value))
                        continue;
                if (app_json_read_number(value, numbers[i].max, &number) < 0)
                        return refuse_key(reading, where, numbers[i].name, numbers[i].fault);
                r = ticket_set_u64(reading->answer, numbers[i].key, number * numbers[i].unit);
        }
        return r;
}

static int read_checks(Reading *reading, const char *process, struct json_object *checks)
{
        int r = 0;

        if (strcmp(process, "web") != 0)
                return app_json_ignore(reading, "healthchecks", process);
        if (!json_object_is_type(checks, json_type_array))
                return refuse_key(reading, "healthchecks", process, "is not an array");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(checks); i++)
                r = read_check(reading, json_object_array_get_idx(checks, i));
        return r;
}

/* ---- scripts ---- */

static int set_script(const Reading *reading, const char *where, const char *name, struct json_object *value,
                      char **ret)
{
        const char *command = text_of(value);

        if (!command || !text_is_clean(command, /* allow_tab= */ true))
                return refuse_key(reading, where, name, NOT_ONE_LINE);
        return text_replace(ret, command);
}

static int read_dokku_script(Reading *reading, const char *name, struct json_object *value)
{
        static const char where[] = "scripts.dokku";

        if (strcmp(name, "predeploy") == 0)
                return set_script(reading, where, name, value, &reading->scripts->predeploy);
        if (strcmp(name, "postdeploy") == 0)
                return set_script(reading, where, name, value, &reading->scripts->postdeploy);
        return app_json_ignore(reading, where, name);
}

static int read_script(Reading *reading, const char *name, struct json_object *value)
{
        static const char where[] = "scripts";
        int r = 0;

        if (strcmp(name, "predeploy") == 0)
                return set_script(reading, where, name, value, &reading->scripts->predeploy);
        if (strcmp(name, "postdeploy") == 0)
                return set_script(reading, where, name, value, &reading->scripts->first);
        if (strcmp(name, "dokku") != 0)
                return app_json_ignore(reading, where, name);
        if (!json_object_is_type(value, json_type_object))
                return refuse_key(reading, where, name, "is not an object");
        json_object_object_foreach(value, inner, object)
        {
                r = read_dokku_script(reading, inner, object);
                if (r < 0)
                        break;
        }
        return r;
}

/* What is said of the file and of the app, and nothing for us to do. The builder has read the buildpacks. */
static const char *const descriptions[] = { "name",       "description", "keywords", "website",
                                            "repository", "logo",        "$schema",  "buildpacks" };

static int app_json_read_key(Reading *reading, const char *key, struct json_object *value)
{
        static const struct {
                const char *name;
                int (*read)(Reading *reading, const char *key, struct json_object *value);
        } known[] = {
                { "formation", app_json_read_process },
                { "env", read_variable },
                { "healthchecks", read_checks },
                { "scripts", read_script },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(descriptions); i++)
                if (strcmp(key, descriptions[i]) == 0)
                        return 0;
        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                if (strcmp(key, known[i].name) != 0)
                        continue;
                if (!json_object_is_type(value, json_type_object))
                        return refuse_key(reading, "", key, "is not an object");
                json_object_object_foreach(value, inner, object)
                {
                        r = known[i].read(reading, inner, object);
                        if (r < 0)
                                break;
                }
                return r;
        }
        return app_json_ignore(reading, "", key);
}

/* The number of the line that a byte is in. */
static unsigned app_json_line(const char *text, size_t at)
{
        unsigned line = 1;

        for (size_t i = 0; i < at; i++)
                line += text[i] == '\n';
        return line;
}

/* What is wrong where the parser has stopped, which may be behind the last byte. */
static const char *app_json_fault(const char *text, size_t size, size_t end, enum json_tokener_error error)
{
        char stopped = end < size ? text[end] : '\0';
        size_t before = end;

        if (stopped == '/' || stopped == '#')
                return "it has a comment";
        while (before > 0 && strchr(" \t\r\n", text[before - 1]))
                before--;
        if (stopped != '\0' && strchr("}]", stopped) && before > 0 && text[before - 1] == ',')
                return "a comma has nothing behind it";
        return json_tokener_error_desc(error);
}

/* The whole file as an object, which the caller puts. 0, -EINVAL, -ENOMEM. */
static int app_json_parse_text(const char *text, size_t size, struct json_object **ret, char **reterr)
{
        struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
        size_t mark = text_mark_size(text, size);
        struct json_object *root;
        int r = 0;

        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        root = json_tokener_parse_ex(tokener, text + mark, (int) (size - mark));
        if (json_tokener_get_error(tokener) == json_tokener_continue)
                r = refuse(reterr, -EINVAL, APP_JSON_NAME " ends in the middle");
        else if (json_tokener_get_error(tokener) != json_tokener_success)
                r = refuse(reterr, -EINVAL, APP_JSON_NAME " line %u is not JSON: %s",
                           app_json_line(text, mark + json_tokener_get_parse_end(tokener)),
                           app_json_fault(text, size, mark + json_tokener_get_parse_end(tokener),
                                          json_tokener_get_error(tokener)));
        else if (!json_object_is_type(root, json_type_object))
                r = refuse(reterr, -EINVAL, APP_JSON_NAME " is not an object");
        if (r >= 0)
                *ret = root;
        else if (root)
                json_object_put(root);
        json_tokener_free(tokener);
        return r;
}

int app_json_parse(const char *text, size_t size, Ticket *answer, AppScripts *scripts, char **reterr)
{
        Reading reading = { .answer = answer, .scripts = scripts, .reterr = reterr };
        struct json_object *root = NULL;
        int r;

        assert(text);
        assert(size <= APP_JSON_SIZE_MAX);
        assert(answer);
        assert(scripts);
        assert(reterr);

        r = app_json_parse_text(text, size, &root, reterr);
        if (r < 0)
                return r;
        json_object_object_foreach(root, key, value)
        {
                r = app_json_read_key(&reading, key, value);
                if (r < 0)
                        break;
        }
        if (r >= 0 && reading.ignored)
                r = ticket_set(answer, "ignored", reading.ignored);
        free(reading.ignored);
        json_object_put(root);
        return r;
}
