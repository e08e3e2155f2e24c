/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/port-guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/holder.h"
#include "ingress/plan.h"
#include "ports/left-out.h"

#define PATH_LIST PATH_RUN "/ingress/left-out"
/* The addresses that this machine has: only these can be bound. */
#define PATH_IPV6 "/proc/self/net/if_inet6"
/* As the kernel writes it there. */
#define IPV6_LOOPBACK "00000000000000000000000000000001"

/* A look takes microseconds. A reload of haproxy that changes nothing costs something, too: it ends
 * connections that clients keep. */
#define LOOK_MAX_USEC   (10 * USEC_PER_SEC)
#define RELOAD_MAX_USEC (10 * 60 * USEC_PER_SEC)

/* An address that was left out. */
typedef struct Item {
        LeftOut left_out;
        bool held; /* what follows says by whom */
        uid_t uid;
        uint64_t cgroup_id;
} Item;

struct PortGuard {
        Model *model;
        ProbeClient *probe;
        void (*changed)(void *userdata);
        void *userdata;

        bool runs;  /* haproxy */
        uid_t user; /* haproxy's */
        char *list; /* as it was read last; NULL = not yet */
        char *tag;
        Item *items;
        size_t n_items;
        char *sentence;

        sd_event_source *look; /* at all of them, one after the other */
        Backoff looks;
        ProbeWait *wait;
        size_t looked_at; /* index of the one that is asked about */
        bool gone;        /* what was in the way of one of them is not seen any more */
        bool news;        /* somebody else is in the way, or nobody any more */

        Backoff reloads;
        uint64_t reload_after; /* CLOCK_MONOTONIC */
        bool retry;
};

/* The whole list, and whose it is, which is haproxy's user. Caller frees. 0 or -errno. */
static int read_list(char **ret, uid_t *ret_user)
{
        _cleanup_file_ FILE *file = fopen(PATH_LIST, "re");
        _cleanup_free_ char *text = NULL;
        struct stat status;
        size_t room = 0;

        if (!file || fstat(fileno(file), &status) < 0)
                return -errno;
        *ret_user = status.st_uid;
        if (getdelim(&text, &room, '\0', file) >= 0)
                *ret = TAKE_PTR(text);
        else if (ferror(file))
                return -EIO;
        else
                *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

static bool is_of(const Item *item, const App *app)
{
        return strncmp(item->left_out.frontend, PLAN_PREFIX, strlen(PLAN_PREFIX)) == 0 &&
               strcmp(item->left_out.frontend + strlen(PLAN_PREFIX), app->name) == 0;
}

static bool port_guard_is_in_use(const Item *item)
{
        return item->left_out.error == EADDRINUSE;
}

/* IPv6 may be off for all of this machine, which is nothing to be told of an app that has IPv4. */
static bool is_in_the_way(const Item *item)
{
        return item->left_out.whole || port_guard_is_in_use(item);
}

static void note_states(const PortGuard *guard)
{
        App *app;

        LIST_FOREACH (apps, app, guard->model->apps)
                app->port_state = guard->list && guard->runs ? PORT_FREE : PORT_UNKNOWN;
        if (!guard->runs)
                return;
        for (size_t i = 0; i < guard->n_items; i++) {
                if (!port_guard_is_in_use(&guard->items[i]) ||
                    strncmp(guard->items[i].left_out.frontend, PLAN_PREFIX, strlen(PLAN_PREFIX)) != 0)
                        continue;
                app = model_app(guard->model, guard->items[i].left_out.frontend + strlen(PLAN_PREFIX));
                if (app)
                        app->port_state = PORT_HELD;
        }
}

static int port_guard_parse_list(PortGuard *guard, const char *list)
{
        size_t n = 0;
        LeftOut left_out;
        Item *items;

        for (const char *at = list; (at = left_out_parse(at, &left_out));)
                n++;
        items = calloc(n + 1, sizeof(Item));
        if (!items)
                return -ENOMEM;
        n = 0;
        for (const char *at = list; (at = left_out_parse(at, &items[n].left_out));)
                n++;
        free(guard->items);
        guard->items = items;
        guard->n_items = n;
        return 0;
}

static void port_guard_look_after(PortGuard *guard, uint64_t pause)
{
        if (sd_event_source_set_time_relative(guard->look, pause) >= 0)
                (void) sd_event_source_set_enabled(guard->look, SD_EVENT_ONESHOT);
}

static void stop_looking(PortGuard *guard)
{
        guard->wait = probe_wait_free(guard->wait);
        guard->gone = guard->retry = false;
        (void) sd_event_source_set_enabled(guard->look, SD_EVENT_OFF);
}

int port_guard_read(PortGuard *guard)
{
        _cleanup_free_ char *list = NULL, *tag = NULL;
        int r;

        assert(guard);

        r = read_list(&list, &guard->user);
        if (r < 0 || !list)
                return r;
        if (guard->list && strcmp(list, guard->list) == 0) {
                note_states(guard);
                return 0;
        }
        tag = left_out_tag(list);
        r = tag ? port_guard_parse_list(guard, list) : -ENOMEM;
        if (r < 0)
                return r;
        free(guard->list);
        guard->list = TAKE_PTR(list);
        free(guard->tag);
        guard->tag = TAKE_PTR(tag);
        note_states(guard);
        stop_looking(guard);
        backoff_reset(&guard->looks);
        guard->looked_at = 0;
        if (guard->n_items > 0)
                port_guard_look_after(guard, 0);
        else
                backoff_reset(&guard->reloads);
        return 0;
}

const char *port_guard_tag(const PortGuard *guard)
{
        assert(guard);
        return guard->tag;
}

bool port_guard_take_retry(PortGuard *guard)
{
        bool retry;

        assert(guard);

        retry = guard->retry;
        guard->retry = false;
        return retry;
}

static bool has_ipv6_loopback(void)
{
        _cleanup_file_ FILE *file = fopen(PATH_IPV6, "re");
        char line[128];

        while (file && fgets(line, sizeof(line), file))
                if (strncmp(line, IPV6_LOOPBACK, strlen(IPV6_LOOPBACK)) == 0)
                        return true;
        return false;
}

/* All have been looked at. */
static void end_looks(PortGuard *guard)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (guard->gone && now >= guard->reload_after) {
                guard->reload_after = now + backoff_next(&guard->reloads);
                guard->retry = guard->news = true;
        }
        guard->gone = false;
        guard->looked_at = 0;
        port_guard_look_after(guard, backoff_next(&guard->looks));
        if (!guard->news)
                return;
        guard->news = false;
        guard->changed(guard->userdata);
}

static char *port_guard_describe(const PortGuard *guard, const Item *item)
{
        const LeftOut *left_out = &item->left_out;
        const char *name = left_out->frontend + strlen(PLAN_PREFIX);
        _cleanup_free_ char *holder = NULL, *where = NULL;

        if (!port_guard_is_in_use(item))
                return text_format("port %u of %s cannot be used at %s: %s", left_out->port, name,
                                   left_out->address, strerror(left_out->error));
        where = left_out->whole ? strdup("") : text_format(" at %s", left_out->address);
        holder = item->held ? holder_describe(guard->model, item->uid, item->cgroup_id)
                            : strdup("another process");
        if (!where || !holder)
                return NULL;
        return text_format("port %u of %s is held by %s%s", left_out->port, name, holder, where);
}

static void look_at_next(PortGuard *guard);

static void port_guard_on_looked(void *userdata, const ProbeAnswer *answer)
{
        PortGuard *guard = userdata;
        Item *item = &guard->items[guard->looked_at];
        bool held = answer->result == PROBE_FOREIGN;
        bool news = held != item->held ||
                    (held && (answer->number != item->uid || answer->cgroup_id != item->cgroup_id));

        guard->wait = probe_wait_free(guard->wait);
        item->held = held;
        item->uid = answer->number;
        item->cgroup_id = answer->cgroup_id;
        if (news && held) {
                _cleanup_free_ char *sentence = port_guard_describe(guard, item);

                log_warning("%s", text_or_empty(sentence));
        }
        guard->news |= news;
        guard->gone |= answer->result == PROBE_FREE;
        guard->looked_at++;
        look_at_next(guard);
}

static void look_at_next(PortGuard *guard)
{
        for (; guard->looked_at < guard->n_items; guard->looked_at++) {
                const Item *item = &guard->items[guard->looked_at];

                if (!port_guard_is_in_use(item))
                        guard->gone |= item->left_out.address[0] == '[' && has_ipv6_loopback();
                else if (probe_ask_holder(guard->probe, item->left_out.port, guard->user,
                                          port_guard_on_looked, guard, &guard->wait) >= 0)
                        return;
        }
        end_looks(guard);
}

static int port_guard_on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        PortGuard *guard = userdata;

        if (!guard->wait)
                look_at_next(guard);
        return 0;
}

void port_guard_set_runs(PortGuard *guard, bool runs)
{
        assert(guard);

        guard->runs = runs;
        if (runs)
                return;
        /* The next start asks about each port again. */
        stop_looking(guard);
        (void) text_replace(&guard->list, NULL);
        guard->n_items = 0;
        note_states(guard);
}

const char *port_guard_sentence(PortGuard *guard, const App *app)
{
        assert(guard);

        for (size_t i = 0; i < guard->n_items; i++) {
                const Item *item = &guard->items[i];

                if (!is_in_the_way(item) || (app && !is_of(item, app)))
                        continue;
                free(guard->sentence);
                guard->sentence = port_guard_describe(guard, item);
                return guard->sentence;
        }
        return NULL;
}

int port_guard_new(sd_event *event, Model *model, ProbeClient *probe, void (*changed)(void *userdata),
                   void *userdata, PortGuard **ret)
{
        _cleanup_(port_guard_freep) PortGuard *guard = NULL;
        int r;

        assert(event);
        assert(model);
        assert(probe);
        assert(changed);
        assert(ret);

        guard = calloc(1, sizeof(PortGuard));
        if (!guard)
                return -ENOMEM;
        *guard = (PortGuard){
                .model = model,
                .probe = probe,
                .changed = changed,
                .userdata = userdata,
                .looks = { .first_usec = BACKOFF_FIRST_USEC, .max_usec = LOOK_MAX_USEC },
                .reloads = { .first_usec = BACKOFF_FIRST_USEC, .max_usec = RELOAD_MAX_USEC },
        };
        r = sd_event_add_time_relative(event, &guard->look, CLOCK_MONOTONIC, 0, 0, port_guard_on_look,
                                       guard);
        if (r >= 0)
                r = sd_event_source_set_enabled(guard->look, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(guard);
        return 0;
}

PortGuard *port_guard_free(PortGuard *guard)
{
        if (!guard)
                return NULL;
        probe_wait_free(guard->wait);
        sd_event_source_disable_unref(guard->look);
        free(guard->list);
        free(guard->tag);
        free(guard->items);
        free(guard->sentence);
        free(guard);
        return NULL;
}
