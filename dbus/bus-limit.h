/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a user may ask for: so many calls at once and per second, so many that wait for their replies. Root
 * is not bound by it. All connections of a user share what the user has. */

#include "dbus/bus-private.h"

/* Of those who are not known yet. */
#define UID_INVALID ((uid_t) -1)

/* A token bucket: full at first, filled up at a steady rate. What is taken may be more than there is; then
 * there is nothing until that is paid back. Times are CLOCK_MONOTONIC, in microseconds. */
typedef struct Bucket {
        int64_t level;   /* in millionths of a token */
        uint64_t filled; /* when that was so; 0 = full */
} Bucket;

/* Fills it up to `burst` tokens, at `rate` tokens a second; both are 1 to 1000000. Whether it has one. */
bool bucket_fill(Bucket *bucket, uint64_t burst, uint64_t rate, uint64_t now);
/* After bucket_fill(). */
void bucket_take(Bucket *bucket, uint64_t tokens);
void bucket_give_back(Bucket *bucket, uint64_t tokens);

struct BusUser {
        uid_t uid;
        unsigned n_senders; /* connections that are known to be the user's */
        unsigned n_calls;   /* taken up, not answered */
        unsigned n_asked;   /* of them, polkit is being asked about */
        Bucket calls;
        Bucket refusals; /* answers that say no: beyond them there is none */
        uint64_t told;   /* when the log had it that calls are refused; 0 = never */
        LIST_FIELDS(BusUser, users);
};

/* The user of a connection that has become known. Ends with bus_user_leave(). NULL when out of memory. */
BusUser *bus_user_join(Bus *bus, uid_t uid);
void bus_user_leave(BusUser *user);
void bus_users_free(Bus *bus);

/* Whether a call of the user that costs so many tokens is to be answered: they must be there, or most of a
 * full bucket. */
bool bus_user_may(const Bus *bus, BusUser *user, uint64_t tokens);
/* If not: positive if the call is to be forgotten without an answer; negative with *reterr filled,
 * LimitsExceeded, to be sent. */
int bus_user_refuse(const Bus *bus, BusUser *user, sd_bus_message *message, sd_bus_error *reterr);
/* What a call costs, and what it turned out not to have cost. */
void bus_user_charge(BusUser *user, uint64_t tokens);
void bus_user_give_back(BusUser *user, uint64_t tokens);

/* One more call waits for its reply: 0, or LimitsExceeded with *reterr filled. bus_user_end() follows. */
int bus_user_begin(const Bus *bus, BusUser *user, sd_bus_error *reterr);
void bus_user_end(BusUser *user);

/* Polkit is asked about one more call: 0, or LimitsExceeded with *reterr filled. bus_user_answered()
 * follows. */
int bus_user_ask(const Bus *bus, BusUser *user, sd_bus_error *reterr);
void bus_user_answered(BusUser *user);
