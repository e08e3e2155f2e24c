/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/request.h"

#include <string.h>

#include "base/text.h"

/* Where the ticket does not say how long a server may be silent: the default of fetch-stall-timeout. */
#define SILENCE_USEC (60 * USEC_PER_SEC)

static int yes_get(const Ticket *ticket, const char *key, const char *otherwise, bool *ret, Problem *problem)
{
        const char *value = ticket_get(ticket, key);

        value = value ? value : otherwise;
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
                return problem_set(problem, PROBLEM_INTERNAL, "the request has no valid %s", key);
        *ret = strcmp(value, "yes") == 0;
        return 0;
}

static int number_get(const Ticket *ticket, const char *key, uint64_t max, uint64_t *ret, Problem *problem)
{
        return ticket_get_u64(ticket, key, max, ret) < 0
                       ? problem_set(problem, PROBLEM_INTERNAL, "the request has no valid %s", key)
                       : 0;
}

int request_parse(const Ticket *ticket, Request *ret, Problem *problem)
{
        const char *prefer;
        int r;

        assert(ticket);
        assert(ret);
        assert(problem);

        *ret = (Request){
                .branch = text_or_empty(ticket_get(ticket, "branch")),
                .revision = text_or_empty(ticket_get(ticket, "revision")),
                .directory = text_or_empty(ticket_get(ticket, "directory")),
                .schemes = text_or_empty(ticket_get(ticket, "schemes")),
                .local_paths = text_or_empty(ticket_get(ticket, "local-paths")),
                .proxy_setting = text_or_empty(ticket_get(ticket, "proxy")),
                .no_proxy = text_or_empty(ticket_get(ticket, "no-proxy")),
        };
        prefer = text_or_empty(ticket_get(ticket, "prefer"));
        if (prefer[0] != '\0' && strcmp(prefer, "branch") != 0)
                return problem_set(problem, PROBLEM_INTERNAL, "the request has no valid prefer");
        ret->branch_first = prefer[0] != '\0';
        r = yes_get(ticket, "tree", "", &ret->tree, problem);
        if (r >= 0)
                r = yes_get(ticket, "submodules", "no", &ret->submodules, problem);
        if (r >= 0)
                r = number_get(ticket, "max-bytes", INT64_MAX, &ret->limits.bytes, problem);
        if (r >= 0)
                r = number_get(ticket, "max-files", INT64_MAX, &ret->limits.files, problem);
        if (r >= 0)
                r = number_get(ticket, "max-depth", TREE_DEPTH_MAX, &ret->limits.depth, problem);
        /* A deployd of before, which runs until it is restarted behind the upgrade, does not say it. */
        ret->silence_usec = SILENCE_USEC;
        if (r >= 0 && ticket_get(ticket, "stall-timeout"))
                r = number_get(ticket, "stall-timeout", INT64_MAX, &ret->silence_usec, problem);
        if (r < 0)
                return r;
        r = url_parse(text_or_empty(ticket_get(ticket, "url")), ret->schemes, ret->local_paths, &ret->url,
                      problem);
        if (r < 0)
                return r;
        return proxy_choose(&ret->url, ret->proxy_setting, ret->no_proxy, &ret->proxy, problem);
}

void request_done(Request *request)
{
        assert(request);

        url_done(&request->url);
        credential_done(&request->credential);
        proxy_done(&request->proxy);
}
