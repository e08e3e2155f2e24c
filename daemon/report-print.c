/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/report-print.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"

enum {
        STATUS_PASSED = 0,
        STATUS_FAILED = 1,
        STATUS_NOT_ALL_MADE = 2,
};

static const char *report_sign(CheckOutcome outcome)
{
        switch (outcome) {
        case CHECK_PASSED:
                return "✓";
        case CHECK_FAILED:
                return "✗";
        case CHECK_NOT_MADE:
                break;
        }
        return "-";
}

void report_print(const Report *report, FILE *out)
{
        assert(report);
        assert(out);

        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++) {
                const char *line = report->checks[id].detail;

                (void) fprintf(out, "%s %s\n", report_sign(report->checks[id].outcome), check_title(id));
                while (line && *line) {
                        size_t length = strcspn(line, "\n");

                        (void) fprintf(out, "    %.*s\n", (int) length, line);
                        line += length + (line[length] == '\n');
                }
        }
}

/* Takes over `value`. A NULL stands for null, so memory that is not there has to be noticed before. */
static int report_set(json_object *object, const char *name, json_object *value)
{
        if (value && json_object_object_add(object, name, value) == 0)
                return 0;
        json_object_put(value);
        return -ENOMEM;
}

static int report_append(json_object *array, json_object *value)
{
        if (value && json_object_array_add(array, value) == 0)
                return 0;
        json_object_put(value);
        return -ENOMEM;
}

static int put_detail(json_object *check, const char *text)
{
        json_object *lines = json_object_new_array();
        int r = report_set(check, "detail", lines);

        while (r >= 0 && text && *text) {
                size_t length = strcspn(text, "\n");

                r = report_append(lines, json_object_new_string_len(text, (int) length));
                text += length + (text[length] == '\n');
        }
        return r;
}

static int put_check(json_object *checks, const Report *report, CheckId id)
{
        CheckOutcome outcome = report->checks[id].outcome;
        json_object *check = json_object_new_object();
        int r = report_append(checks, check);

        if (r >= 0)
                r = report_set(check, "id", json_object_new_string(check_id_to_string(id)));
        if (r >= 0)
                r = report_set(check, "title", json_object_new_string(check_title(id)));
        if (r >= 0 && outcome == CHECK_NOT_MADE)
                r = json_object_object_add(check, "passed", NULL) == 0 ? 0 : -ENOMEM;
        else if (r >= 0)
                r = report_set(check, "passed", json_object_new_boolean(outcome == CHECK_PASSED));
        return r < 0 ? r : put_detail(check, report->checks[id].detail);
}

static void object_putp(json_object **object)
{
        json_object_put(*object);
}

int report_print_json(const Report *report, FILE *out)
{
        _cleanup_(object_putp) json_object *all = json_object_new_object();
        json_object *checks = json_object_new_array();
        const char *text;
        int r;

        assert(report);
        assert(out);

        r = all ? report_set(all, "passed", json_object_new_boolean(report_passed(report))) : -ENOMEM;
        if (r < 0) {
                json_object_put(checks);
                return r;
        }
        r = report_set(all, "checks", checks);
        for (CheckId id = CHECK_UNSET + 1; r >= 0 && id < CHECK_MAX; id++)
                r = put_check(checks, report, id);
        text = r < 0 ? NULL
                     : json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE);
        if (!text)
                return -ENOMEM;
        (void) fprintf(out, "%s\n", text);
        return 0;
}

int report_status(const Report *report)
{
        assert(report);

        if (report_passed(report))
                return STATUS_PASSED;
        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++)
                if (report->checks[id].outcome == CHECK_FAILED)
                        return STATUS_FAILED;
        return STATUS_NOT_ALL_MADE;
}
