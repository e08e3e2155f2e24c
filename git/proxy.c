/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SETTING "proxy of [git] in deploy.conf"

/* The first of the variables that is set to something, in *ret_name its name. */
static const char *first_set(const char *const *names, const char **ret_name)
{
        for (; *names; names++) {
                const char *value = getenv(*names);

                *ret_name = *names;
                if (!text_is_empty(value))
                        return value;
        }
        return NULL;
}

/* Whether one of the patterns stands for the host. */
static bool is_exception(const char *patterns, const char *host)
{
        static const char separators[] = " \t,";

        for (patterns += strspn(patterns, separators); *patterns; patterns += strspn(patterns, separators)) {
                size_t size = strcspn(patterns, separators);
                _cleanup_free_ char *pattern = strndup(patterns, size);

                if (pattern && proxy_pattern_is_valid(pattern) && proxy_pattern_matches(pattern, host))
                        return true;
                patterns += size;
        }
        return false;
}

static int proxy_use(Proxy *proxy, const char *text, const char *origin, Problem *problem)
{
        int r;

        /* What variables have is often without a scheme. */
        proxy->url = strstr(text, "://") ? strdup(text) : text_format("http://%s", text);
        r = proxy->url ? proxy_url_parse(proxy->url, &proxy->parts) : -ENOMEM;
        if (r == -EINVAL)
                return problem_set(problem, PROBLEM_INTERNAL,
                                   "%s is not http://HOST:PORT or https://HOST:PORT; with 'no-proxy = *' in "
                                   "[git] of deploy.conf it is ignored",
                                   origin);
        problem->proxy_secret = proxy->parts.password;
        if (r >= 0)
                proxy->description = text_format("the proxy %s (%s)", proxy->parts.address, origin);
        if (!proxy->description)
                return problem_out_of_memory(problem);
        problem->proxy = proxy->description;
        return 0;
}

int proxy_choose(const Url *url, const char *setting, const char *exceptions, Proxy *ret, Problem *problem)
{
        static const char *const of_https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                                NULL };
        static const char *const of_http[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL };
        static const char *const of_none[] = { "no_proxy", "NO_PROXY", NULL };
        _cleanup_free_ char *origin = NULL;
        const char *name, *value;

        assert(url);
        assert(setting);
        assert(exceptions);
        assert(ret);
        assert(problem);

        *ret = (Proxy){ NULL };
        if (!url->http || is_exception(exceptions, url->host))
                return 0;
        if (setting[0] != '\0')
                return proxy_use(ret, setting, SETTING, problem);
        value = first_set(url->tls ? of_https : of_http, &name);
        if (!value || is_exception(text_or_empty(first_set(of_none, &(const char *){ NULL })), url->host))
                return 0;
        origin = text_format("%s in the environment of the fetch", name);
        return origin ? proxy_use(ret, value, origin, problem) : problem_out_of_memory(problem);
}

void proxy_done(Proxy *proxy)
{
        assert(proxy);

        free(proxy->url);
        proxy_url_done(&proxy->parts);
        free(proxy->description);
        *proxy = (Proxy){ NULL };
}
