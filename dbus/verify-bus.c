/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/verify-bus.h"

#include <errno.h>

#include "base/names.h"
#include "base/text.h"

/* More than the daemon takes for all checks, waiting for the database and looking at units several times. */
#define ANSWER_USEC (60 * USEC_PER_SEC)

/* Longest sentence of an error that is shown, in bytes. */
#define SENTENCE_MAX 300

static int verify_bus_append(sd_bus_message *reply, const Report *report)
{
        int r;

        r = sd_bus_message_append(reply, "b", report_passed(report));
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssbs)");
        for (CheckId id = CHECK_UNSET + 1; r >= 0 && id < CHECK_MAX; id++) {
                const char *detail = text_or_empty(report->checks[id].detail);

                if (report->checks[id].outcome == CHECK_NOT_MADE)
                        detail = "not made, because a check before it has failed";
                r = sd_bus_message_append(reply, "(ssbs)", check_id_to_string(id), check_title(id),
                                          report->checks[id].outcome == CHECK_PASSED, detail);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void verify_bus_on_verified(void *userdata, int error, const char *sentence, const Report *report)
{
        _cleanup_(bus_call_freep) BusCall *call = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (!call->bus)
                return;
        if (error < 0) {
                const char *name =
                        error == -EHOSTDOWN ? BUS_ERROR_DATABASE_UNAVAILABLE : SD_BUS_ERROR_FAILED;

                bus_call_fail(call, error, &SD_BUS_ERROR_MAKE_CONST(name, sentence));
                return;
        }
        r = bus_call_reply_new(call, &reply);
        if (r >= 0)
                r = verify_bus_append(reply, report);
        bus_call_finish(call, reply, r);
}

int verify_bus_run(BusCall *call, void *noun, sd_bus_error *reterr)
{
        (void) noun;
        (void) reterr;
        return call->bus->params.verify(call->bus->params.userdata, verify_bus_on_verified, call);
}

/* ---- who asks ---- */

static int read_report(sd_bus_message *reply, Report *report)
{
        const char *word, *title, *detail;
        int passed, r;

        r = sd_bus_message_skip(reply, "b");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ssbs)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ssbs)", &word, &title, &passed, &detail)) > 0) {
                CheckId id = check_id_from_string(word);

                if ((int) id < 0)
                        return -EBADMSG;
                report->checks[id].outcome = passed ? CHECK_PASSED : CHECK_FAILED;
                r = text_replace(&report->checks[id].detail, detail[0] ? detail : NULL);
        }
        return r;
}

/* The error of a call that was not answered by a report. */
static int verify_bus_judge(const sd_bus_error *error, int r)
{
        static const struct {
                const char *name;
                int error;
        } rows[] = {
                { SD_BUS_ERROR_SERVICE_UNKNOWN, -EHOSTDOWN },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, -EHOSTDOWN },
                { SD_BUS_ERROR_NO_REPLY, -EHOSTDOWN }, /* it has ended meanwhile */
                { BUS_ERROR_DATABASE_UNAVAILABLE, -EHOSTDOWN },
                { SD_BUS_ERROR_ACCESS_DENIED, -EACCES },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, -EACCES },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (sd_bus_error_has_name(error, rows[i].name))
                        return rows[i].error;
        return r;
}

int verify_bus_ask(Report *report, char **reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        assert(report);
        assert(reterr);

        r = sd_bus_open_system(&bus);
        if (r < 0) {
                *reterr = text_format("the system bus is not there: %s", strerror(-r));
                return -EHOSTDOWN;
        }
        r = sd_bus_message_new_method_call(bus, &message, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                           "Verify");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0)
                r = sd_bus_call(bus, message, ANSWER_USEC, &error, &reply);
        if (r < 0) {
                *reterr = text_sanitize(error.message ? error.message : strerror(-r), SENTENCE_MAX);
                return verify_bus_judge(&error, r);
        }
        r = read_report(reply, report);
        if (r < 0)
                *reterr = text_format(
                        "the deployd that runs is of another version: 'systemctl restart deployd'");
        return r;
}
