/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-authorize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dbus/bus-sender.h"

#define POLKIT           "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define DRIVER      "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

/* How long polkit may think where no person is asked: longer than the 15 s after which it ends a rule that
 * does not end by itself, and shorter than the 25 s for which callers wait. */
#define ANSWER_USEC (20 * USEC_PER_SEC)

/* CheckAuthorizationFlags */
#define ALLOW_USER_INTERACTION 1u

/* Bytes of polkit's own words that are shown. */
#define WORDS_MAX 200

struct BusQuestion {
        BusSender *sender;
        sd_bus_message *call;
        BusRight right;
        char *name; /* right.name */
        bool interactive;
        BusAnswered answered;
        void *userdata;
        sd_bus_slot *slot; /* to polkit; NULL while those before it are not answered */
        uint64_t asked;    /* when, on CLOCK_MONOTONIC */
        char cookie[sizeof("deployd-18446744073709551615")];
        LIST_FIELDS(BusQuestion, questions);
};

/* Why polkit did not answer, by the error that came instead. A name that ends with a dot stands for all that
 * begin so. */
static const struct {
        const char *name, *why;
} no_answers[] = {
        { SD_BUS_ERROR_SERVICE_UNKNOWN, "polkit, which gives rights to others, is not installed" },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, "polkit, which gives rights to others, does not run" },
        { "org.freedesktop.systemd1.UnitMasked", "polkit, which gives rights to others, is masked" },
        { "org.freedesktop.systemd1.",
          "polkit, which gives rights to others, cannot be started: see 'systemctl status polkit'" },
        { "org.freedesktop.DBus.Error.Spawn.",
          "polkit, which gives rights to others, cannot be started: see 'systemctl status polkit'" },
        { "org.freedesktop.DBus.Error.TimedOut",
          "polkit, which gives rights to others, did not start: see 'systemctl status polkit'" },
        { SD_BUS_ERROR_NO_REPLY,
          "polkit, which gives rights to others, ended while it was asked; try again" },
        { SD_BUS_ERROR_ACCESS_DENIED,
          "the bus does not let deployd ask polkit, which gives rights to others" },
        { SD_BUS_ERROR_LIMITS_EXCEEDED, "too many others wait for polkit; try again in a moment" },
};

static const char *find_why(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(no_answers); i++) {
                size_t length = strlen(no_answers[i].name);

                if (strncmp(no_answers[i].name, name, length) == 0 &&
                    (name[length] == '\0' || no_answers[i].name[length - 1] == '.'))
                        return no_answers[i].why;
        }
        return NULL;
}

/* What is to be done, in words. Caller frees. */
static char *describe(const BusRight *right)
{
        return right->key ? text_format("%s the %s %s", right->verb, right->key, right->name)
                          : text_format("%s deployd", right->verb);
}

int bus_right_refuse(const BusRight *right, const char *why, sd_bus_error *reterr)
{
        _cleanup_free_ char *what = NULL;

        assert(right);
        assert(why);

        what = describe(right);
        if (!what)
                return -ENOMEM;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_ACCESS_DENIED, "only root may %s: %s", what, why);
}

/* Polkit says no, or that it would have to ask a person. */
static int refuse_right(const BusQuestion *question, const char *name, sd_bus_error *reterr)
{
        _cleanup_free_ char *what = describe(&question->right);

        if (!what)
                return -ENOMEM;
        return sd_bus_error_setf(reterr, name,
                                 "it takes the right %s to %s: be in the group deployd, or ask root",
                                 question->right.action, what);
}

/* Of a question that is open. */
static void send_cancel(const BusQuestion *question)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        sd_bus *connection;
        int r;

        assert(question->sender);

        connection = question->sender->bus->params.bus;
        r = sd_bus_message_new_method_call(connection, &message, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CancelCheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(message, "s", question->cookie);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0)
                r = sd_bus_send(connection, message, NULL);
        if (r < 0)
                log_debug("Cannot take back a question to polkit, ignoring: %s", strerror(-r));
}

/* It is not asked any more, and none of the sender's. */
static void question_leave(BusQuestion *question)
{
        if (question->slot) {
                question->slot = sd_bus_slot_unref(question->slot);
                bus_user_answered(question->sender->user);
        }
        if (question->sender)
                LIST_REMOVE(questions, question->sender->questions, question);
        question->sender = NULL;
}

BusQuestion *bus_question_free(BusQuestion *question)
{
        if (!question)
                return NULL;
        if (question->slot)
                send_cancel(question);
        question_leave(question);
        sd_bus_message_unref(question->call);
        free(question->name);
        free(question);
        return NULL;
}
DEFINE_CLEANUP(BusQuestion *, bus_question_free);

static void question_end(BusQuestion *question, const sd_bus_error *error)
{
        question_leave(question);
        question->answered(question->userdata, error);
}

/* The meaning of an answer: 0 if the caller may, or negative with *reterr filled. */
static int read_answer(const BusQuestion *question, sd_bus_message *answer, sd_bus_error *reterr)
{
        const char *owner = question->sender->bus->polkit, *sender = sd_bus_message_get_sender(answer);
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        int authorized, challenge, r;
        const char *why;

        if (error && !question->interactive &&
            clock_usec(CLOCK_MONOTONIC) - question->asked >= question->sender->bus->polkit_usec) {
                send_cancel(question);
                return bus_right_refuse(&question->right,
                                        "polkit, which gives rights to others, did not answer in time; "
                                        "nothing was done",
                                        reterr);
        }
        if (error) {
                _cleanup_free_ char *words = text_sanitize(text_or_empty(error->message), WORDS_MAX);
                _cleanup_free_ char *sentence =
                        text_format("polkit, which gives rights to others, fails: %s", text_or_empty(words));

                why = find_why(error->name);
                return bus_right_refuse(&question->right, why ? why : text_or_empty(sentence), reterr);
        }
        /* sd-bus knows replies by their number only, which anybody could guess. */
        if (!owner || !sender || strcmp(owner, sender) != 0)
                return bus_right_refuse(&question->right, "who has answered is not polkit", reterr);
        r = sd_bus_message_has_signature(answer, "(bba{ss})") ? 0 : -EBADMSG;
        if (r >= 0)
                r = sd_bus_message_enter_container(answer, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(answer, "bb", &authorized, &challenge);
        if (r < 0)
                return bus_right_refuse(&question->right, "polkit's answer is not understood", reterr);
        if (authorized)
                return 0;
        return refuse_right(question,
                            challenge ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED
                                      : SD_BUS_ERROR_ACCESS_DENIED,
                            reterr);
}

static void ask_next(BusSender *sender);

/* The first question of a sender is answered. */
static int on_answer(sd_bus_message *answer, void *userdata, _unused_ sd_bus_error *reterr)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        BusQuestion *question = userdata;
        BusSender *sender = question->sender;
        int r = read_answer(question, answer, &error);

        if (r < 0 && !sd_bus_error_is_set(&error))
                (void) sd_bus_error_set_errno(&error, r);
        question_end(question, r < 0 ? &error : NULL);
        ask_next(sender);
        return 0;
}

static int append_details(const BusRight *right, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_open_container(message, 'a', "{ss}");
        if (r >= 0)
                r = sd_bus_message_append(message, "{ss}", "verb", right->verb);
        /* What a person is asked; polkit puts the other details in. */
        if (r >= 0 && right->key) {
                _cleanup_free_ char *sentence = text_format(
                        "Authentication is required to $(verb) the %s $(%s).", right->key, right->key);

                if (!sentence)
                        return -ENOMEM;
                r = sd_bus_message_append(message, "{ss}{ss}", right->key, right->name, "polkit.message",
                                          sentence);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int question_send(BusQuestion *question)
{
        Bus *bus = question->sender->bus;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        (void) snprintf(question->cookie, sizeof(question->cookie), "deployd-%" PRIu64, ++bus->n_questions);
        question->asked = clock_usec(CLOCK_MONOTONIC);
        r = sd_bus_message_new_method_call(bus->params.bus, &message, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(message, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          question->sender->name, question->right.action);
        if (r >= 0)
                r = append_details(&question->right, message);
        if (r >= 0)
                r = sd_bus_message_append(message, "us", question->interactive ? ALLOW_USER_INTERACTION : 0u,
                                          question->cookie);
        if (r >= 0)
                r = sd_bus_call_async(bus->params.bus, &question->slot, message, on_answer, question,
                                      question->interactive ? UINT64_MAX : bus->polkit_usec);
        return r < 0 ? r : 0;
}

/* 0, or negative with *reterr filled. */
static int ask(BusQuestion *question, sd_bus_error *reterr)
{
        BusSender *sender = question->sender;
        int r = bus_user_ask(sender->bus, sender->user, reterr);

        if (r < 0)
                return r;
        r = question_send(question);
        if (r < 0)
                bus_user_answered(sender->user);
        return r < 0 ? sd_bus_error_set_errno(reterr, r) : 0;
}

/* Asks what the sender's first call wants. One that cannot be asked is answered. */
static void ask_next(BusSender *sender)
{
        BusQuestion *question;

        while ((question = sender->questions)) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                if (ask(question, &error) >= 0)
                        return;
                question_end(question, &error);
        }
}

int bus_authorize(Bus *bus, sd_bus_message *call, const BusRight *right, BusAnswered answered,
                  void *userdata, BusQuestion **ret, sd_bus_error *reterr)
{
        _cleanup_(bus_question_freep) BusQuestion *question = NULL;
        BusSender *sender;
        int r;

        assert(bus && call && right && answered && ret);
        assert(right->action && right->verb);

        sender = bus_sender_find(bus, sd_bus_message_get_sender(call));
        assert(sender && sender->user);
        question = calloc(1, sizeof(BusQuestion));
        if (!question)
                return -ENOMEM;
        question->right = *right;
        if (right->key) {
                question->right.name = question->name = strdup(right->name);
                if (!question->name)
                        return -ENOMEM;
        }
        question->interactive = sd_bus_message_get_allow_interactive_authorization(call) > 0;
        question->answered = answered;
        question->userdata = userdata;
        question->sender = sender;
        LIST_APPEND(questions, sender->questions, question);
        if (sender->questions == question) {
                r = ask(question, reterr);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(question);
        return 0;
}

/* Whose connection is gone is asked about no more. */
static void on_sender_gone(BusSender *sender)
{
        while (sender->questions) {
                BusQuestion *question = sender->questions;

                if (question->slot)
                        send_cancel(question);
                question_end(question,
                             &SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_NO_REPLY, "The caller is gone"));
        }
}

static int set_owner(Bus *bus, const char *owner)
{
        return text_replace(&bus->polkit, owner);
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *owner;

        if (bus_is_from_driver(signal) && sd_bus_message_read(signal, "sss", NULL, NULL, &owner) >= 0)
                return set_owner(userdata, owner);
        return 0;
}

/* An error says that nobody has it. */
static int on_owner(sd_bus_message *answer, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *owner;

        if (bus_is_from_driver(answer) && !sd_bus_message_is_method_error(answer, NULL) &&
            sd_bus_message_read(answer, "s", &owner) >= 0)
                return set_owner(userdata, owner);
        return 0;
}

int bus_authorize_register(Bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        assert(bus);

        bus->polkit_usec = ANSWER_USEC;
        bus->sender_gone = on_sender_gone;
        /* With nobody in between nobody can say who calls. */
        if (sd_bus_is_bus_client(bus->params.bus) <= 0)
                return 0;
        r = sd_bus_add_match_async(bus->params.bus, &slot,
                                   "type='signal',sender='" DRIVER "',path='" DRIVER_PATH
                                   "',interface='" DRIVER "',member='NameOwnerChanged',arg0='" POLKIT "'",
                                   on_owner_changed, NULL, bus);
        r = bus_keep_slot(bus, r, slot);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus->params.bus, &slot, DRIVER, DRIVER_PATH, DRIVER, "GetNameOwner",
                                     on_owner, bus, "s", POLKIT);
        return bus_keep_slot(bus, r, slot);
}
