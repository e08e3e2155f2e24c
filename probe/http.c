/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"

/* Read at once: a header of the usual size. Its default would be 16 KiB for each request. */
#define BUFFER_SIZE 2048L

/* sd-event may be late by this. */
#define ACCURACY USEC_PER_MSEC

struct Http {
        sd_event *event;
        sd_event_source *timer; /* when libcurl wants to be called next */
        CURLM *multi;
};

struct HttpRequest {
        Http *http;
        CURL *curl;
        size_t header_size;
        bool whole; /* the header of the answer proper */
        HttpDone done;
        void *userdata;
};

/* Tells who waits for what has ended. A request that is freed meanwhile is none of those that come after. */
static void http_finish(Http *http);

static void http_act(Http *http, curl_socket_t fd, int events)
{
        int running;

        (void) curl_multi_socket_action(http->multi, fd, events, &running);
        http_finish(http);
}

static int http_on_io(sd_event_source *source _unused_, int fd, uint32_t revents, void *userdata)
{
        int events = 0;

        if (revents & EPOLLIN)
                events |= CURL_CSELECT_IN;
        if (revents & EPOLLOUT)
                events |= CURL_CSELECT_OUT;
        if (revents & (EPOLLERR | EPOLLHUP))
                events |= CURL_CSELECT_ERR;
        http_act(userdata, fd, events);
        return 0;
}

static int on_time(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        http_act(userdata, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

/* libcurl wants to be called when something happens at a socket: `what`, until it says otherwise. 0, or -1,
 * which ends the request. */
static int watch_socket(CURL *curl _unused_, curl_socket_t fd, int what, void *userdata, void *watched)
{
        static const uint32_t events[] = {
                [CURL_POLL_IN] = EPOLLIN,
                [CURL_POLL_OUT] = EPOLLOUT,
                [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT,
        };
        Http *http = userdata;
        sd_event_source *source = watched;
        int r;

        if (what == CURL_POLL_REMOVE) {
                (void) sd_event_source_disable_unref(source);
                return 0;
        }
        if (source)
                return sd_event_source_set_io_events(source, events[what]) < 0 ? -1 : 0;
        r = sd_event_add_io(http->event, &source, fd, events[what], http_on_io, http);
        if (r < 0)
                return -1;
        return curl_multi_assign(http->multi, fd, source) == CURLM_OK ? 0 : -1;
}

/* libcurl wants to be called in so many milliseconds, or (-1) no more. */
static int watch_time(CURLM *multi _unused_, long milliseconds, void *userdata)
{
        Http *http = userdata;
        int r;

        if (milliseconds < 0)
                return sd_event_source_set_enabled(http->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
        r = sd_event_source_set_time_relative(http->timer, (uint64_t) milliseconds * USEC_PER_MSEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
        return r < 0 ? -1 : 0;
}

int http_new(sd_event *event, Http **ret)
{
        _cleanup_(http_freep) Http *http = calloc(1, sizeof(Http));
        int r;

        assert(event);
        assert(ret);

        if (!http)
                return -ENOMEM;
        if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
                return -ENOMEM;
        http->event = sd_event_ref(event);
        http->multi = curl_multi_init();
        if (!http->multi)
                return -ENOMEM;
        r = sd_event_add_time(event, &http->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_time, http);
        if (r >= 0)
                r = sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        if (curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, watch_time) != CURLM_OK ||
            curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) != CURLM_OK)
                return -ENOMEM;
        *ret = TAKE_PTR(http);
        return 0;
}

Http *http_free(Http *http)
{
        if (!http)
                return NULL;
        (void) curl_multi_cleanup(http->multi);
        (void) sd_event_source_disable_unref(http->timer);
        (void) sd_event_unref(http->event);
        curl_global_cleanup();
        free(http);
        return NULL;
}

/* One line of the header. Less than its size ends the request: after the empty line that ends the header
 * nothing more is of interest, nor from a server that does not come to it. Other headers (1xx) may come
 * before that of the answer; 101, which was not asked for, is one. */
static size_t on_header(char *line, size_t one _unused_, size_t size, void *userdata)
{
        HttpRequest *request = userdata;
        long status = 0;

        request->header_size += size;
        if (request->header_size > HTTP_HEADER_MAX)
                return 0;
        if (line[0] != '\r' && line[0] != '\n')
                return size;
        (void) curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
        request->whole = status >= 200 || status == 101;
        return request->whole ? 0 : size;
}

/* A body comes behind the header, where the request has ended. */
static size_t on_body(char *bytes _unused_, size_t one _unused_, size_t size _unused_,
                      void *userdata _unused_)
{
        return 0;
}

static HttpAnswer request_answer(const HttpRequest *request, CURLcode code)
{
        HttpAnswer answer = { HTTP_FAILED, 0 };
        long status = 0;

        if (request->whole) {
                (void) curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
                return (HttpAnswer){ HTTP_ANSWERED, (unsigned) status };
        }
        switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
                answer.result = HTTP_UNANSWERED;
                break;
        case CURLE_COULDNT_CONNECT:
                answer.result = HTTP_REFUSED;
                break;
        case CURLE_OK:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
                answer.result = HTTP_CLOSED;
                break;
        case CURLE_WRITE_ERROR:
        case CURLE_OUT_OF_MEMORY: /* which it says of a single line that is too long */
                answer.result = HTTP_TOO_LONG;
                break;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
                answer.result = HTTP_GARBAGE;
                break;
        default:
                break;
        }
        return answer;
}

static void http_finish(Http *http)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(http->multi, &left))) {
                HttpRequest *request = NULL;

                (void) curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &request);
                request->done(request->userdata, request_answer(request, message->data.result));
        }
}

HttpRequest *http_request_free(HttpRequest *request)
{
        if (!request)
                return NULL;
        if (request->curl) {
                (void) curl_multi_remove_handle(request->http->multi, request->curl);
                curl_easy_cleanup(request->curl);
        }
        free(request);
        return NULL;
}

static const struct {
        CURLoption option;
        long value;
} number_options[] = {
        { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
        { CURLOPT_FORBID_REUSE, 1 },
        { CURLOPT_NOSIGNAL, 1 },
        { CURLOPT_BUFFERSIZE, BUFFER_SIZE },
};

static const struct {
        CURLoption option;
        const char *value;
} text_options[] = {
        { CURLOPT_URL, "http://" ADDRESS_LOOPBACK "/" },
        { CURLOPT_PROTOCOLS_STR, "http" },
        { CURLOPT_PROXY, "" }, /* nor what the environment says */
        { CURLOPT_USERAGENT, "deployd-probe" },
};

/* The path is no part of what libcurl reads as an address, and goes out as it is. */
static CURLcode request_set(HttpRequest *request, uint16_t port, const char *path, uint64_t timeout_usec)
{
        CURL *curl = request->curl;
        CURLcode r = CURLE_OK;

        for (size_t i = 0; r == CURLE_OK && i < ELEMENTSOF(number_options); i++)
                r = curl_easy_setopt(curl, number_options[i].option, number_options[i].value);
        for (size_t i = 0; r == CURLE_OK && i < ELEMENTSOF(text_options); i++)
                r = curl_easy_setopt(curl, text_options[i].option, text_options[i].value);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_PORT, (long) port);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, path);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                                     (long) MAX2(timeout_usec / USEC_PER_MSEC, (uint64_t) 1));
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        if (r == CURLE_OK)
                r = curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
        return r;
}

int http_get(Http *http, uint16_t port, const char *path, uint64_t timeout_usec, HttpDone done,
             void *userdata, HttpRequest **ret)
{
        _cleanup_(http_request_freep) HttpRequest *request = calloc(1, sizeof(HttpRequest));

        assert(http);
        assert(path && text_is_http_target(path));
        assert(done);
        assert(ret);

        if (!request)
                return -ENOMEM;
        *request =
                (HttpRequest){ .http = http, .curl = curl_easy_init(), .done = done, .userdata = userdata };
        if (!request->curl || request_set(request, port, path, timeout_usec) != CURLE_OK ||
            curl_multi_add_handle(http->multi, request->curl) != CURLM_OK)
                return -ENOMEM;
        *ret = TAKE_PTR(request);
        return 0;
}
