/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-limit.h"

#include <inttypes.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#define TOKEN INT64_C(1000000)

/* How often the log says of a user that calls are refused. */
#define TELL_USEC (60 * USEC_PER_SEC)

/* While the bus has so much of what deployd has said still to read, users other than root get no more
 * replies: each of root's would wait behind them. In bytes, as the kernel counts them; a bus that is not
 * flooded leaves nothing. */
#define UNREAD_MAX (64 * 1024)

bool bucket_fill(Bucket *bucket, uint64_t burst, uint64_t rate, uint64_t now)
{
        int64_t full = (int64_t) burst * TOKEN;
        uint64_t missing, passed;

        assert(bucket);
        assert(burst > 0 && rate > 0);

        passed = now - bucket->filled;
        missing = bucket->level < full ? (uint64_t) (full - bucket->level) : 0;
        /* A microsecond gives `rate` millionths. */
        if (bucket->filled == 0 || bucket->level > full || passed > missing / rate)
                bucket->level = full;
        else
                bucket->level += (int64_t) (passed * rate);
        bucket->filled = now;
        return bucket->level >= TOKEN;
}

void bucket_take(Bucket *bucket, uint64_t tokens)
{
        assert(bucket);
        /* Of what a machine can have objects for, not more. */
        bucket->level -= (int64_t) MIN2(tokens, UINT32_MAX) * TOKEN;
}

void bucket_give_back(Bucket *bucket, uint64_t tokens)
{
        assert(bucket);
        bucket->level += (int64_t) MIN2(tokens, UINT32_MAX) * TOKEN;
}

static const Config *config_of(const Bus *bus)
{
        return bus->params.config(bus->params.userdata);
}

static bool bus_limit_fill(const Bus *bus, Bucket *bucket)
{
        const Config *config = config_of(bus);

        return bucket_fill(bucket, config->calls_burst_per_user, config->calls_rate_per_user,
                           clock_usec(CLOCK_MONOTONIC));
}

/* Nothing of it is remembered: to come back makes nothing better. */
static bool is_like_new(const Bus *bus, BusUser *user)
{
        int64_t full = (int64_t) config_of(bus)->calls_burst_per_user * TOKEN;

        if (user->n_senders > 0 || user->n_calls > 0)
                return false;
        (void) bus_limit_fill(bus, &user->calls);
        (void) bus_limit_fill(bus, &user->refusals);
        return user->calls.level >= full && user->refusals.level >= full;
}

BusUser *bus_user_join(Bus *bus, uid_t uid)
{
        BusUser *user, *next, *found = NULL;

        assert(bus);

        LIST_FOREACH_SAFE (users, user, next, bus->users)
                if (user->uid == uid)
                        found = user;
                else if (is_like_new(bus, user)) {
                        LIST_REMOVE(users, bus->users, user);
                        free(user);
                }
        if (!found) {
                found = calloc(1, sizeof(BusUser));
                if (!found)
                        return NULL;
                found->uid = uid;
                LIST_PREPEND(users, bus->users, found);
        }
        found->n_senders++;
        return found;
}

/* It is freed when somebody else joins, or with the bus. */
void bus_user_leave(BusUser *user)
{
        assert(user && user->n_senders > 0);
        user->n_senders--;
}

void bus_users_free(Bus *bus)
{
        BusUser *user, *next;

        LIST_FOREACH_SAFE (users, user, next, bus->users)
                free(user);
        bus->users = NULL;
}

static bool is_bound(const BusUser *user)
{
        return user->uid != 0;
}

static void bus_limit_tell(BusUser *user)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (user->told != 0 && now - user->told < TELL_USEC)
                return;
        user->told = now;
        if (user->uid == UID_INVALID)
                log_notice("Calls of users that are not known yet are refused: there are too many of them");
        else
                log_notice(
                        "Calls of user %u are refused: they are more than calls-rate-per-user of [runner] in "
                        "deploy.conf",
                        user->uid);
}

static bool bus_is_slow(const Bus *bus)
{
        int fd = sd_bus_get_fd(bus->params.bus), unread = 0;
        uint64_t n_waiting = 0;

        /* What the socket does not take waits in sd-bus. */
        if (sd_bus_get_n_queued_write(bus->params.bus, &n_waiting) >= 0 && n_waiting > 0)
                return true;
        return fd >= 0 && ioctl(fd, SIOCOUTQ, &unread) >= 0 && unread > UNREAD_MAX;
}

bool bus_user_may(const Bus *bus, BusUser *user, uint64_t tokens)
{
        uint64_t most;

        assert(bus);
        assert(user);
        if (!is_bound(user))
                return true;
        most = MAX2(config_of(bus)->calls_burst_per_user * 3 / 4, 1);
        return bus_limit_fill(bus, &user->calls) &&
               user->calls.level >= (int64_t) MIN2(tokens, most) * TOKEN && !bus_is_slow(bus);
}

int bus_user_refuse(const Bus *bus, BusUser *user, sd_bus_message *message, sd_bus_error *reterr)
{
        assert(bus);
        assert(user);

        bus_limit_tell(user);
        /* It costs, too, so that nothing is saved up by asking on. */
        if (bus_limit_fill(bus, &user->calls))
                bucket_take(&user->calls, 1);
        if (!sd_bus_message_get_expect_reply(message) || !bus_limit_fill(bus, &user->refusals))
                return 1;
        bucket_take(&user->refusals, 1);
        return sd_bus_error_setf(
                reterr, SD_BUS_ERROR_LIMITS_EXCEEDED,
                "too many calls: a user may make %" PRIu64
                " a second (calls-rate-per-user of [runner] in deploy.conf); try again in a moment",
                config_of(bus)->calls_rate_per_user);
}

void bus_user_charge(BusUser *user, uint64_t tokens)
{
        assert(user);
        if (is_bound(user))
                bucket_take(&user->calls, tokens);
}

void bus_user_give_back(BusUser *user, uint64_t tokens)
{
        assert(user);
        if (is_bound(user))
                bucket_give_back(&user->calls, tokens);
}

int bus_user_begin(const Bus *bus, BusUser *user, sd_bus_error *reterr)
{
        uint64_t most = config_of(bus)->calls_max_per_user;

        assert(user);
        if (is_bound(user) && user->n_calls >= most)
                return sd_bus_error_setf(
                        reterr, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "%" PRIu64 " calls wait for their replies already, which is calls-max-per-user "
                        "of [runner] in deploy.conf",
                        most);
        user->n_calls++;
        return 0;
}

void bus_user_end(BusUser *user)
{
        assert(user && user->n_calls > 0);
        user->n_calls--;
}

int bus_user_ask(const Bus *bus, BusUser *user, sd_bus_error *reterr)
{
        uint64_t most = config_of(bus)->questions_max_per_user;

        assert(user);
        if (user->n_asked >= most)
                return sd_bus_error_setf(
                        reterr, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "%" PRIu64
                        " calls wait for polkit's answer already, which is questions-max-per-user "
                        "of [runner] in deploy.conf",
                        most);
        user->n_asked++;
        return 0;
}

void bus_user_answered(BusUser *user)
{
        assert(user && user->n_asked > 0);
        user->n_asked--;
}
