/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every key of deploy.conf, one row each: the parser, the defaults and the example are made of it. */

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"

/* Offset of a member, which must have the type its parser writes. */
#define HAS_TYPE(member, c_type) __builtin_types_compatible_p(__typeof__(((Config *) 0)->member), c_type)
#define MEMBER(c_type, member) \
        (offsetof(Config, member) + 0 * sizeof(char[HAS_TYPE(member, c_type) ? 1 : -1]))

/* The columns from the type to `secret`. */
#define NUMBER(member, least, most) &config_type_number, MEMBER(uint64_t, member), least, most, NULL, false
#define DURATION(member, least, most) \
        &config_type_duration, MEMBER(uint64_t, member), least, most, NULL, false
#define SIZE(member, least, most)   &config_type_size, MEMBER(uint64_t, member), least, most, NULL, false
#define QUOTA(member, least, most)  &config_type_quota, MEMBER(uint64_t, member), least, most, NULL, false
#define PORTS(member, least, most)  &config_type_ports, MEMBER(PortRange, member), least, most, NULL, false
#define BOOLEAN(member)             &config_type_boolean, MEMBER(bool, member), NULL, NULL, NULL, false
#define WORD(c_type, member, words) &config_type_word, MEMBER(c_type, member), NULL, NULL, words, false
#define WORDS(member, words)        &config_type_words, MEMBER(char **, member), NULL, NULL, words, false
#define PATHS(member)               &config_type_paths, MEMBER(char **, member), NULL, NULL, NULL, false
#define NETWORKS(member)            &config_type_networks, MEMBER(char **, member), NULL, NULL, NULL, false
#define HOSTS(member)               &config_type_hosts, MEMBER(char **, member), NULL, NULL, NULL, false
#define PROXY(member)               &config_type_proxy, MEMBER(char *, member), NULL, NULL, NULL, true
#define ADDRESS(member)             &config_type_address, MEMBER(char *, member), NULL, NULL, NULL, false
#define BASE_URL(member)            &config_type_base_url, MEMBER(char *, member), NULL, NULL, NULL, false
#define DATABASE(member)            &config_type_database, MEMBER(char *, member), NULL, NULL, NULL, true

/* In the order of the enum BuildSpace. */
static const char *const build_spaces[] = { "disk", "memory", NULL };

/* libgit2's transports over a network; `file` is a matter of local-paths. */
static const char *const schemes[] = { "https", "ssh", "http", "git", NULL };

/* In the order of syslog(3), spelled as by journalctl(1). */
static const char *const levels[] = { "emerg",  "alert", "crit",  "err", "warning",
                                      "notice", "info",  "debug", NULL };

/* Bounds that more than one row has. Time: what takes under a tenth of a second cannot be told from a busy
 * machine; nobody waits for a step for longer than a day. Memory: under 1M nothing starts, so it is a
 * forgotten unit. Tasks: PID_MAX_LIMIT of the kernel. */
#define TIME_LEAST  "100ms"
#define TIME_MOST   "1d"
#define BYTES_LEAST "1M"
#define BYTES_MOST  "1P"
#define TASKS_MOST  "4194304"
#define FILES_MOST  "100000000"

/* clang-format off */
const ConfigKey config_keys[] = {
        { "database", "url", DATABASE(database_url), "",
          "URL of the PostgreSQL database, as libpq takes it: postgresql://USER:PASSWORD@HOST/DATABASE. "
          "Empty: deployd's own private server, which needs no care." },

        { "ports", "range", PORTS(port_range, "1024", "65535"), "20000-29999",
          "Ports that are assigned to the instances of apps, one for each web instance of a deployment, which "
          "listens there on 127.0.0.1. Keep both ranges below 32768, where the kernel's own choice of ports "
          "begins." },
        { "ports", "stable-range", PORTS(stable_range, "1024", "65535"), "30000-32767",
          "Ports under which clients reach the apps. An app keeps its port for life." },

        { "runner", "parallel", NUMBER(parallel, "1", "64"), "2",
          "How many deployments may be under way at once. The others wait in the queue." },
        { "runner", "queue-max", NUMBER(queue_max, "1", "1000000"), "10000",
          "How many deployments may wait in the queue." },
        { "runner", "queue-max-per-user", NUMBER(queue_max_per_user, "1", "1000000"), "100",
          "How many of them may be of the same user. Root is not bound by it, nor by the next four." },
        { "runner", "calls-max-per-user", NUMBER(calls_max_per_user, "1", "10000"), "64",
          "How many calls of the same user may be waiting for their replies at once." },
        { "runner", "questions-max-per-user", NUMBER(questions_max_per_user, "1", "64"), "8",
          "How many connections of the same user may wait for polkit, or for a person whom it asks for a password, at "
          "once. Of one connection there is one question at a time." },
        { "runner", "calls-burst-per-user", NUMBER(calls_burst_per_user, "1", "1000000"), "200",
          "How many calls the same user may make one after the other, before the next key counts. A call whose "
          "reply is a long list counts as about one for each KiB of it." },
        { "runner", "calls-rate-per-user", NUMBER(calls_rate_per_user, "1", "1000000"), "50",
          "How many calls a second the same user may make after that. What is over is refused with LimitsExceeded, and "
          "far beyond that not answered." },
        { "runner", "keep-releases", NUMBER(keep_releases, "1", "1000"), "5",
          "How many releases are kept for each app, so that it can be rolled back to them." },
        { "runner", "keep-removed-data", DURATION(keep_removed_data, "0", "520w"), "7d",
          "How long the data of an app is kept after the app was removed. With 0 it is deleted at once." },
        { "runner", "min-free-space", SIZE(min_free_space, "0", BYTES_MOST), "1G",
          "A deployment is not begun, and a build is ended, when less than this is free on the disk of "
          "/var/lib/deployd." },
        { "runner", "require-sandbox", BOOLEAN(require_sandbox), "yes",
          "Whether builds are refused on a machine where a limit of memory, of tasks or of the network is not "
          "enforced." },

        { "runner", "fetch-timeout", DURATION(fetch_timeout, TIME_LEAST, TIME_MOST), "5min",
          "How long it may take to fetch a repository." },
        { "runner", "fetch-stall-timeout", DURATION(fetch_stall_timeout, "1s", TIME_MOST), "1min",
          "How long a git server may send nothing, before a fetch gives it up." },
        { "runner", "fetch-max-bytes", SIZE(fetch_max_bytes, BYTES_LEAST, BYTES_MOST), "2G",
          "How many bytes a commit's files may have together." },
        { "runner", "fetch-max-files", NUMBER(fetch_max_files, "1", FILES_MOST), "200000",
          "How many files a commit may have." },
        { "runner", "fetch-max-depth", NUMBER(fetch_max_depth, "1", "1000"), "64",
          "How many directories inside one another a commit may have." },

        { "runner", "build-timeout", DURATION(build_timeout, TIME_LEAST, TIME_MOST), "15min",
          "How long a build may take." },
        { "runner", "build-memory-max", SIZE(build_memory_max, BYTES_LEAST, BYTES_MOST), "1G",
          "How much memory a build may use." },
        { "runner", "build-tasks-max", NUMBER(build_tasks_max, "1", TASKS_MOST), "512",
          "How many processes and threads a build may have." },
        { "runner", "build-disk-max", SIZE(build_disk_max, BYTES_LEAST, BYTES_MOST), "4G",
          "How much space a build may use." },
        { "runner", "build-space", WORD(BuildSpace, build_space, build_spaces), "disk",
          "Where a build works. In memory it is faster, and what it writes counts as memory of the machine." },
        { "runner", "build-files-max", NUMBER(build_files_max, "1", FILES_MOST), "200000",
          "How many files a build may leave in its release." },
        { "runner", "release-timeout", DURATION(release_timeout, TIME_LEAST, TIME_MOST), "5min",
          "How long the release command of an app may take." },
        { "runner", "build-network", BOOLEAN(build_network), "yes",
          "Whether builds and release commands may use the network." },
        { "runner", "keep-logs", NUMBER(keep_logs, "0", "1000000"), "100",
          "How many logs of deployments are kept for each app." },
        { "runner", "log-max", SIZE(log_max, BYTES_LEAST, BYTES_MOST), "16M",
          "How much text is kept of one of them: of more, the beginning and the end." },
        { "runner", "log-rate", SIZE(log_rate, BYTES_LEAST, BYTES_MOST), "8M",
          "How much an instance of an app may log in a minute. Of more, the last lines are logged when the minute is over "
          "or the instance ends, with a word about how many are missing." },

        { "runner", "start-timeout", DURATION(start_timeout, TIME_LEAST, TIME_MOST), "60s",
          "How long an app may take until it listens on its port. One that listens elsewhere "
          "fails when it has opened no other port for a quarter of that time." },
        { "runner", "check-successes", NUMBER(check_successes, "1", "100"), "2",
          "How many checks in a row must succeed before requests go to a new instance." },

        { "runner", "check-settle", DURATION(check_settle, TIME_LEAST, TIME_MOST), "5s",
          "How long a new version must keep running, and listening if it has a port, before it is live. An app may "
          "set its own." },

        { "runner", "health-check-timeout", DURATION(health_check_timeout, TIME_LEAST, "1h"), "5s",
          "How long an app may take to answer a health check. An app may set its own." },
        { "runner", "stop-timeout", DURATION(stop_timeout, TIME_LEAST, TIME_MOST), "30s",
          "How long an app may take to end after SIGTERM, before it is killed. An app may set its own." },
        { "runner", "drain-timeout", DURATION(drain_timeout, "0", TIME_MOST), "30s",
          "How long the old instances may go on with their requests after a switch, before they are stopped." },

        { "runner", "restart-pause", DURATION(restart_pause, TIME_LEAST, "1h"), "1s",
          "How long systemd waits before it starts a process again that has ended by itself." },
        { "runner", "restart-burst", NUMBER(restart_burst, "1", "1000"), "5",
          "How many starts of a live app are allowed within 12 such pauses for each of them. After that "
          "deployd starts it again, after pauses that double." },
        { "runner", "restart-give-up", NUMBER(restart_give_up, "1", "1000"), "10",
          "How often deployd starts an instance again that has ended more often than that. Once more, and it is given up "
          "until it is started or deployed again." },

        { "runner", "app-memory-max", SIZE(app_memory_max, BYTES_LEAST, BYTES_MOST), "512M",
          "How much memory an instance of an app may use, unless the app sets its own limit." },
        { "runner", "app-tasks-max", NUMBER(app_tasks_max, "1", TASKS_MOST), "256",
          "How many processes and threads an instance may have, unless the app sets its own limit." },
        { "runner", "app-ports-max", NUMBER(app_ports_max, "1", "65535"), "128",
          "How many ports an instance may hold, whatever its processes are and at whatever address. One that holds more is "
          "killed, as one that uses more memory than it may." },
        { "runner", "writable-tree-max", SIZE(writable_tree_max, BYTES_LEAST, BYTES_MOST), "512M",
          "How much the copy of its tree may have that an instance of an app with writable-tree=yes writes into. It is a "
          "part of the memory of the instance." },
        { "runner", "shm-max", SIZE(shm_max, BYTES_LEAST, BYTES_MOST), "64M",
          "How much /dev/shm may have, of which an instance, a release command and a build each have one of their own, "
          "and a file for each 4 KiB of that. It is a part of their memory." },
        { "runner", "app-cpu-quota", QUOTA(app_cpu_quota, "1%", "100000%"), "",
          "How much of one CPU's time an instance may use, unless the app sets its own; 150% is one and a half "
          "CPUs. Empty: all there is." },
        { "runner", "app-memory-limit", SIZE(app_memory_limit, "0", BYTES_MOST), "0",
          "The most memory an app may set for its instances; 0: no bound." },
        { "runner", "app-tasks-limit", NUMBER(app_tasks_limit, "0", TASKS_MOST), "0",
          "The most processes and threads an app may set for its instances; 0: no bound." },

        { "git", "schemes", WORDS(git_schemes, schemes), "https ssh",
          "The schemes a repository's URL may have." },
        { "git", "local-paths", PATHS(git_local_paths), "",
          "Directories whose repositories may be named by a path or by file://. Everybody must be able to read "
          "them." },
        { "git", "private-networks", BOOLEAN(git_private_networks), "no",
          "Whether repositories may be fetched from, and builds may reach, this machine and private networks." },

        { "git", "proxy", PROXY(git_proxy), "",
          "URL of the proxy through which repositories are fetched by https and http, as http://HOST:PORT or "
          "http://USER:PASSWORD@HOST:PORT. Empty: the one in https_proxy or http_proxy of the environment that "
          "systemd gives to the fetches, if there is one." },
        { "git", "no-proxy", HOSTS(git_no_proxy), "",
          "Hosts whose repositories are fetched without the proxy. A name stands for all names below it too, * "
          "for every host." },

        { "access", "internal-networks", NETWORKS(internal_networks),
          "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fd00::/8",
          "Who besides this machine may reach the apps whose access mode is internal." },
        { "access", "trusted-proxies", NETWORKS(trusted_proxies), "",
          "Proxies in front of the apps, such as your own TLS proxy: what they say of a client in "
          "X-Forwarded-For, X-Forwarded-Proto and the like is kept. What everybody else says is replaced." },

        { "ingress", "http", ADDRESS(ingress_http), "",
          "Where requests for the apps' host names are taken, such as *:80. Empty: nowhere, apps are reached on "
          "their stable ports only." },
        { "ingress", "https", ADDRESS(ingress_https), "",
          "The same with TLS, such as *:443. The certificates are in /etc/deployd/certs." },
        { "ingress", "access-log", BOOLEAN(access_log), "no",
          "Whether each request is written to the journal, tagged with the app. On a small machine that is a "
          "flood." },
        { "ingress", "apps-max", NUMBER(apps_max, "1", "64512"), "3000",
          "How many apps may be reached at once. The ingress takes 40K of memory and a millisecond of each "
          "reload for each of them. An app over that keeps its port and is not reached." },
        { "ingress", "connections-max", NUMBER(connections_max, "1", "200000"), "6000",
          "How many connections of clients the apps may have together. What is over that is closed." },
        { "ingress", "app-connections-max", NUMBER(app_connections_max, "1", "200000"), "2048",
          "How many of them one app may have. What is over that waits, up to a minute." },
        { "ingress", "body-timeout", DURATION(body_timeout, TIME_LEAST, TIME_MOST), "30s",
          "How long a client may take to send the body of a request, or the first 15K of it if it is longer, "
          "before an instance is asked. After that 5 minutes of silence end the request." },
        { "ingress", "reload-keep", DURATION(reload_keep, "1s", "3w"), "24h",
          "How long connections that were open before a reload of the ingress may go on: event streams, "
          "WebSockets, long downloads." },
        { "ingress", "reload-keep-max", NUMBER(reload_keep_max, "1", "1000"), "50",
          "How many reloads they outlive. Each old process of haproxy that still has connections takes its memory, as "
          "much as the new one." },

        { "frontend", "base-url", BASE_URL(frontend_base_url), "",
          "How the URLs of apps begin for people, such as https://apps.example.com; the app's port follows. "
          "Empty: http:// and this machine's name, or 127.0.0.1 if the app is private." },

        { "log", "level", WORD(int, log_level, levels), "info",
          "The least important messages that are logged." },
};
/* clang-format on */
const size_t n_config_keys = ELEMENTSOF(config_keys);

static const char example_header[] =
        "# This is deploy.conf.example: every setting of deployd with its default.\n"
        "#\n"
        "# The settings are read from /etc/deployd/deploy.conf and after it from the\n"
        "# drop-ins /etc/deployd/deploy.conf.d/*.conf, in the order of their names. None\n"
        "# of them has to exist. If a setting is made twice, the later one counts. After\n"
        "# a change, run\n"
        "#\n"
        "#     systemctl reload deployd\n"
        "#\n"
        "# This fails if a value is wrong, with a sentence that says where it is and what\n"
        "# is allowed, and the old settings stay. A section or key that is not known is\n"
        "# ignored with a warning in the journal. Some keys are checked but have no\n"
        "# effect in this version: deploy.conf(5) says which.\n"
        "#\n"
        "# - An empty value is the default again. The value none is the empty list.\n"
        "# - Time spans have units as in systemd, from us to w: 100ms, 30s, 1.5h, 2w,\n"
        "#   1h 30min. Without a unit they are seconds.\n"
        "# - Sizes have the units K, M, G, T and P, to the base of 1024: 512M, 1.5G.\n"
        "#   512MB and 512MiB are the same as 512M. Without a unit they are bytes.\n"
        "# - Comments are lines that begin with # or ;. Behind a value, a ; after a blank\n"
        "#   begins a comment, a # does not.\n"
        "# - An indented line continues the value of the line before it. So do not indent\n"
        "#   keys. A line may have up to 198 bytes.\n";

/* So that a terminal of 80 columns shows it whole. */
#define EXAMPLE_WIDTH 80

/* A bracket stands at the end of the text and is not broken. */
static void print_comment(FILE *stream, const char *text)
{
        size_t column = 0;

        while (*text) {
                size_t length = *text == '(' ? strlen(text) : strcspn(text, " ");

                if (column > 0 && column + strlen(" ") + length > EXAMPLE_WIDTH) {
                        (void) fputc('\n', stream);
                        column = 0;
                }
                column += (size_t) fprintf(stream, "%s%.*s", column ? " " : "# ", (int) length, text);
                text += length;
                text += strspn(text, " ");
        }
        (void) fputc('\n', stream);
}

/* `(1 to 64)`, `(disk or memory)`: what the meaning leaves open. Caller frees; NULL when out of memory. */
static char *key_comment(const ConfigKey *key)
{
        _cleanup_free_ char *words = NULL;

        if (key->least)
                return text_format("%s (%s to %s)", key->meaning, key->least, key->most);
        if (key->type == &config_type_boolean)
                return text_format("%s (yes or no)", key->meaning);
        if (!key->words)
                return strdup(key->meaning);
        words = config_words_join(key->words);
        return words ? text_format("%s (%s)", key->meaning, words) : NULL;
}

int config_print_example(FILE *stream)
{
        const char *section = "";

        assert(stream);

        (void) fputs(example_header, stream);
        for (size_t i = 0; i < n_config_keys; i++) {
                const ConfigKey *key = &config_keys[i];
                _cleanup_free_ char *comment = key_comment(key);

                if (!comment)
                        return -ENOMEM;
                if (strcmp(section, key->section) != 0) {
                        section = key->section;
                        (void) fprintf(stream, "\n[%s]\n", section);
                }
                (void) fputc('\n', stream);
                print_comment(stream, comment);
                (void) fprintf(stream, "#%s =%s%s\n", key->name, *key->fallback ? " " : "", key->fallback);
        }
        return fflush(stream) != 0 || ferror(stream) ? -EIO : 0;
}
