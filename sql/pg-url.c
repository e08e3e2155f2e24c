/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sql/pg-internal.h"

DEFINE_CLEANUP(PQconninfoOption *, PQconninfoFree);

static const char *pg_url_option(const PQconninfoOption *options, const char *keyword)
{
        for (; options->keyword; options++)
                if (strcmp(options->keyword, keyword) == 0)
                        return text_or_empty(options->val);
        return "";
}

/* Element `index` of a list with commas; false behind its end. */
static bool pg_url_element(const char *list, unsigned index, char *ret, size_t size)
{
        size_t length;

        ret[0] = '\0';
        for (; index > 0; index--) {
                list = strchr(list, ',');
                if (!list)
                        return false;
                list++;
        }
        length = strcspn(list, ",");
        length = MIN2(length, size - 1);
        memcpy(ret, list, length);
        ret[length] = '\0';
        return true;
}

static PgPlace place_of(const char *host)
{
        struct in6_addr six;
        struct in_addr four;

        if (host[0] == '/' || host[0] == '@')
                return PG_PLACE_SOCKET;
        if (inet_pton(AF_INET, host, &four) == 1)
                return (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET ? PG_PLACE_LOOPBACK : PG_PLACE_NETWORK;
        if (inet_pton(AF_INET6, host, &six) == 1)
                return IN6_IS_ADDR_LOOPBACK(&six) ? PG_PLACE_LOOPBACK : PG_PLACE_NETWORK;
        return PG_PLACE_NAME;
}

/* Longer than any numeric address. A longer element is a path or a name, whatever its end. */
#define ELEMENT_MAX 64

/* The worst place of all the hosts it may try. */
static PgPlace place_of_all(const PQconninfoOption *options)
{
        const char *hosts = pg_url_option(options, "host"), *addresses = pg_url_option(options, "hostaddr");
        char host[ELEMENT_MAX], address[ELEMENT_MAX];
        PgPlace worst = PG_PLACE_DEFAULT;

        for (unsigned i = 0;; i++) {
                bool more_hosts = pg_url_element(hosts, i, host, sizeof(host));
                bool more_addresses = pg_url_element(addresses, i, address, sizeof(address));

                if (!more_hosts && !more_addresses)
                        return worst;
                if (!host[0] && !address[0])
                        continue;
                /* libpq connects to hostaddr and takes host only as the name in the certificate. */
                worst = MAX2(worst, place_of(address[0] ? address : host));
        }
}

static const char *fault_of(const PQconninfoOption *options)
{
        PgPlace place = place_of_all(options);

        if (pg_url_option(options, "service")[0])
                return "Write its settings out in [database] url instead of service=.";
        if (place == PG_PLACE_NAME)
                return "The host in [database] url is a name, which deployd does not look up: add its "
                       "address "
                       "as hostaddr=, for example postgresql://deployd@db.example.com/deployd"
                       "?hostaddr=192.0.2.7&sslmode=verify-full";
        if (place == PG_PLACE_NETWORK && strcmp(pg_url_option(options, "sslmode"), "verify-full") != 0)
                return "The server in [database] url is on another machine: add sslmode=verify-full (and "
                       "sslrootcert=FILE, the certificate of its authority), so that nobody can pose as it";
        return NULL;
}

int pg_parse_url(const char *url, PgPlace *ret_place, char **ret_password, char **reterr)
{
        _cleanup_(PQconninfoFreep) PQconninfoOption *options = NULL;
        char *error = NULL; /* libpq's text quotes the URL, hence the password */
        const char *fault;

        assert(url);

        options = PQconninfoParse(url, &error);
        PQfreemem(error);
        if (!options)
                fault = "[database] url is neither a libpq connection URL nor key=value pairs; write for "
                        "example "
                        "postgresql:///deployd?host=/run/postgresql&user=deployd";
        else
                fault = fault_of(options);
        if (fault) {
                if (reterr) {
                        *reterr = strdup(fault);
                        if (!*reterr)
                                return -ENOMEM;
                }
                return -EINVAL;
        }
        if (ret_place)
                *ret_place = place_of_all(options);
        if (ret_password && pg_url_option(options, "password")[0]) {
                *ret_password = strdup(pg_url_option(options, "password"));
                if (!*ret_password)
                        return -ENOMEM;
        }
        return 0;
}

int pg_check_url(const char *url, char **reterr)
{
        assert(url);
        assert(reterr);

        return pg_parse_url(url, NULL, NULL, reterr);
}

int pg_print_service(const char *conninfo, FILE *out)
{
        _cleanup_(PQconninfoFreep) PQconninfoOption *options = NULL;
        _cleanup_free_ char *fault = NULL;
        int r;

        assert(out);

        if (text_is_empty(conninfo))
                conninfo = PG_CONNINFO_PRIVATE;
        r = pg_check_url(conninfo, &fault);
        if (r < 0)
                return r;
        options = PQconninfoParse(conninfo, NULL);
        if (!options)
                return -ENOMEM;
        for (const PQconninfoOption *option = options; option->keyword; option++)
                if (option->val && strchr(option->val, '\n'))
                        return -EINVAL;
        (void) fputs("[deployd]\n", out);
        if (place_of_all(options) == PG_PLACE_DEFAULT)
                (void) fputs("host=" DEFAULT_SOCKET_DIRECTORY "\n", out);
        for (const PQconninfoOption *option = options; option->keyword; option++)
                if (!text_is_empty(option->val))
                        (void) fprintf(out, "%s=%s\n", option->keyword, option->val);
        return 0;
}
