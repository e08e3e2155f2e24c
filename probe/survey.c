/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/survey.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "probe/sockets.h"

#define PORTS_PER_DIGIT 4

static uint16_t port_of(const Socket *seen)
{
        return ntohs(seen->message->id.idiag_sport);
}

typedef struct HolderSurvey {
        uint64_t uid;
        bool found;
        Holder *holder;
} HolderSurvey;

static void see_holder(void *userdata, const Socket *seen)
{
        HolderSurvey *survey = userdata;

        if (seen->message->idiag_uid == survey->uid)
                return;
        survey->found = true;
        *survey->holder = (Holder){ seen->message->idiag_uid, seen->cgroup_id };
}

int survey_holder(int fd, uint16_t port, uint64_t uid, Holder *ret)
{
        HolderSurvey survey = { uid, false, ret };
        int r;

        assert(port > 0);
        assert(ret);

        r = sockets_each(fd, port, see_holder, &survey);
        return r < 0 ? r : survey.found;
}

typedef struct BusySurvey {
        uint16_t from;
        char *text;
        size_t n_digits;
} BusySurvey;

static void see_busy(void *userdata, const Socket *seen)
{
        static const char digits[] = "0123456789abcdef";
        BusySurvey *survey = userdata;
        unsigned port = port_of(seen), place = port - survey->from;
        size_t digit = place / PORTS_PER_DIGIT, value;

        if (port < survey->from || digit >= survey->n_digits)
                return;
        value = (size_t) (strchr(digits, survey->text[digit]) - digits);
        survey->text[digit] = digits[value | 8U >> place % PORTS_PER_DIGIT];
}

int survey_busy(int fd, uint16_t from, char *text, size_t n_digits)
{
        BusySurvey survey = { from, text, n_digits };

        assert(text);

        memset(text, '0', n_digits);
        text[n_digits] = '\0';
        return sockets_each(fd, 0, see_busy, &survey);
}

typedef struct Held {
        uint64_t cgroup_id;
        uint16_t port;
} Held;

typedef struct CrowdSurvey {
        uint64_t after;
        Held *held;
        size_t n, room;
        bool failed;
} CrowdSurvey;

static void see_held(void *userdata, const Socket *seen)
{
        CrowdSurvey *survey = userdata;

        if (seen->cgroup_id <= survey->after)
                return;
        if (survey->n == survey->room) {
                size_t room = MAX2(survey->room * 2, (size_t) 256);
                Held *held = reallocarray(survey->held, room, sizeof(Held));

                if (!held) {
                        survey->failed = true;
                        return;
                }
                survey->held = held;
                survey->room = room;
        }
        survey->held[survey->n++] = (Held){ seen->cgroup_id, port_of(seen) };
}

static int compare_held(const void *a, const void *b)
{
        const Held *one = a, *other = b;

        if (one->cgroup_id != other->cgroup_id)
                return one->cgroup_id < other->cgroup_id ? -1 : 1;
        return (int) one->port - (int) other->port;
}

int survey_crowd(int fd, unsigned max, uint64_t after, uint64_t *ret)
{
        CrowdSurvey survey = { .after = after };
        _cleanup_free_ Held *held = NULL;
        unsigned n = 0;
        int r;

        assert(ret);

        r = sockets_each(fd, 0, see_held, &survey);
        held = survey.held;
        if (r < 0 || survey.failed)
                return r < 0 ? r : -ENOMEM;
        if (survey.n > 0)
                qsort(held, survey.n, sizeof(Held), compare_held);
        /* A port that several sockets share, or that has one of each family, counts once. */
        for (size_t i = 0; i < survey.n; i++) {
                bool same = i > 0 && held[i].cgroup_id == held[i - 1].cgroup_id;

                if (!same && n > max)
                        break;
                if (!same || held[i].port != held[i - 1].port)
                        n = same ? n + 1 : 1;
                *ret = held[i].cgroup_id;
        }
        return n > max ? (int) n : 0;
}
