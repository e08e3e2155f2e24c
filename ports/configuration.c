/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/configuration.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "ports/filter.h"
#include "ports/left-out.h"
#include "ports/text-file.h"

static int configuration_ask(_unused_ void *userdata, const Endpoint *endpoint)
{
        return endpoint_ask(endpoint);
}

/* Each app that somebody is in the way of; what is the machine's own way, such as to have no IPv6, once. */
static void configuration_tell(const char *list)
{
        LeftOut item, other = {};
        unsigned n_others = 0;

        for (const char *at = list; (at = left_out_parse(at, &item));) {
                if (item.error == EADDRINUSE || item.whole)
                        log_warning("%s cannot listen at %s:%u: %s%s", item.frontend, item.address,
                                    item.port, strerror(item.error), item.whole ? "; it is left out" : "");
                else {
                        other = item;
                        n_others++;
                }
        }
        if (n_others > 0)
                log_info("%u addresses are left out, of apps that have others, such as %s:%u of %s: %s",
                         n_others, other.address, other.port, other.frontend, strerror(other.error));
}

int configuration_filter(const char *from, const char *to, const char *list_path)
{
        _cleanup_free_ char *text = NULL, *config = NULL, *list = NULL;
        size_t config_size, list_size;
        FILE *config_stream, *list_stream;
        int r;

        r = text_file_read(from, &text);
        if (r < 0)
                return r;
        config_stream = open_memstream(&config, &config_size);
        list_stream = open_memstream(&list, &list_size);
        r = config_stream && list_stream
                    ? filter_apply(text, configuration_ask, NULL, config_stream, list_stream)
                    : -ENOMEM;
        if (list_stream && fclose(list_stream) != 0)
                r = -ENOMEM;
        if (config_stream && fclose(config_stream) != 0)
                r = -ENOMEM;
        if (r >= 0)
                r = text_file_write(list_path, list);
        if (r >= 0)
                r = text_file_write(to, config);
        if (r >= 0)
                configuration_tell(list);
        return r;
}

static int add_endpoint(void *userdata, const Endpoint *endpoint)
{
        return kept_add_endpoint(userdata, endpoint);
}

int configuration_hold(const char *path, Kept *ret)
{
        int r = configuration_addresses(path, ret);

        for (size_t i = 0; r >= 0 && i < ret->n; i++)
                r = endpoint_hold(&ret->sockets[i].endpoint, &ret->sockets[i].fd);
        return r;
}

int configuration_addresses(const char *path, Kept *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        assert(ret);

        r = text_file_read(path, &text);
        if (r >= 0)
                r = filter_each_bind(text, add_endpoint, ret);
        kept_sort(ret);
        return r;
}
