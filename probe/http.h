/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "base/cleanup.h"

/* Requests to 127.0.0.1: what a server answers is read to the end of its header and no further. No redirect
 * is followed, no proxy used, no connection used twice. */

typedef enum HttpResult {
        HTTP_RESULT_UNSET = 0,
        HTTP_ANSWERED,   /* with a status */
        HTTP_UNANSWERED, /* the time was over before the header was whole */
        HTTP_REFUSED,    /* the connection was not accepted */
        HTTP_CLOSED,     /* the server closed or reset it before the header was whole */
        HTTP_TOO_LONG,   /* the header is longer than HTTP_HEADER_MAX */
        HTTP_GARBAGE,    /* something that is not HTTP */
        HTTP_FAILED,     /* the request could not be sent from here */
        HTTP_RESULT_MAX,
} HttpResult;

/* Bytes of a header; browsers and proxies take less. */
#define HTTP_HEADER_MAX ((size_t) 64 * 1024)

typedef struct HttpAnswer {
        HttpResult result;
        unsigned status; /* of HTTP_ANSWERED: three digits; the last one, if others (1xx) came before it */
} HttpAnswer;

/* A status from 200 to 299. */
static inline bool http_answer_is_good(const HttpAnswer *answer)
{
        return answer->result == HTTP_ANSWERED && answer->status / 100 == 2;
}

typedef struct Http Http;
typedef struct HttpRequest HttpRequest;

/* The end of a request, called from the event loop, once at most. The request, still the caller's, and
 * others may be freed here. */
typedef void (*HttpDone)(void *userdata, HttpAnswer answer);

/* Once for all requests of a program. 0 or -ENOMEM. */
int http_new(sd_event *event, Http **ret);

/* When all its requests are freed. */
Http *http_free(Http *http);
DEFINE_CLEANUP(Http *, http_free);

/* Sends `GET PATH` to 127.0.0.1:port; `path` as text_is_http_target() has it. 0 or -ENOMEM. */
int http_get(Http *http, uint16_t port, const char *path, uint64_t timeout_usec, HttpDone done,
             void *userdata, HttpRequest **ret);

/* Ends the request if it is under way: `done` is never called then. */
HttpRequest *http_request_free(HttpRequest *request);
DEFINE_CLEANUP(HttpRequest *, http_request_free);
