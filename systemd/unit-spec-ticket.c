/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-spec-ticket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "systemd/unit-text.h"

/* A reader refuses another one. */
#define KEY_FORMAT "format"
#define FORMAT     1

typedef enum FieldType {
        FIELD_TEXT,
        FIELD_NUMBER,   /* uint64_t */
        FIELD_UNSIGNED, /* unsigned */
        FIELD_TRUTH,    /* bool */
        FIELD_KIND,
        FIELD_NETWORK,
        FIELD_ADDRESS,
} FieldType;

/* A member of UnitSpec; of a list, its first one. */
typedef struct Field {
        const char *key;
        FieldType type;
        size_t offset;
        unsigned count; /* of a list: how many there are at most, keys KEY.1, KEY.2 and so on; 0 = no list */
        size_t stride;  /* of a list: from one to the next */
} Field;

#define FIELD(key, type, member)                            \
        {                                                   \
                key, type, offsetof(UnitSpec, member), 0, 0 \
        }
#define LIST(key, type, first, count, item)                               \
        {                                                                 \
                key, type, offsetof(UnitSpec, first), count, sizeof(item) \
        }

static const Field fields[] = {
        FIELD("kind", FIELD_KIND, kind),
        FIELD("name", FIELD_TEXT, name),
        FIELD("app-slice", FIELD_TEXT, app_slice),
        FIELD("user", FIELD_TEXT, user),
        FIELD("state-directory", FIELD_TEXT, state_directory),
        LIST("kept", FIELD_TEXT, kept[0], UNIT_SPEC_KEPT_MAX, char *),
        FIELD("cache-directory", FIELD_TEXT, cache_directory),
        FIELD("environment-file", FIELD_TEXT, environment_file),
        LIST("credential-name", FIELD_TEXT, credentials[0].name, UNIT_SPEC_CREDENTIALS_MAX, UnitCredential),
        LIST("credential-path", FIELD_TEXT, credentials[0].path, UNIT_SPEC_CREDENTIALS_MAX, UnitCredential),
        LIST("argument", FIELD_TEXT, arguments[0], UNIT_SPEC_ARGUMENTS_MAX, char *),
        LIST("stop-post", FIELD_TEXT, stop_post[0], UNIT_SPEC_ARGUMENTS_MAX, char *),
        LIST("bind-source", FIELD_TEXT, binds[0].source, UNIT_SPEC_BINDS_MAX, UnitBind),
        LIST("bind-target", FIELD_TEXT, binds[0].target, UNIT_SPEC_BINDS_MAX, UnitBind),
        LIST("bind-writable", FIELD_TRUTH, binds[0].writable, UNIT_SPEC_BINDS_MAX, UnitBind),
        FIELD("tmpfs", FIELD_TEXT, tmpfs),
        FIELD("tmpfs-size", FIELD_NUMBER, tmpfs_size),
        FIELD("tmpfs-files", FIELD_NUMBER, tmpfs_files),
        FIELD("shm-size", FIELD_NUMBER, shm_size),
        FIELD("network", FIELD_NETWORK, network),
        LIST("reached", FIELD_ADDRESS, reached[0], UNIT_SPEC_ADDRESSES_MAX, UnitAddress),
        FIELD("notify", FIELD_TRUTH, notify),
        FIELD("hold", FIELD_TRUTH, hold),
        FIELD("timeout-usec", FIELD_NUMBER, timeout_usec),
        FIELD("stop-timeout-usec", FIELD_NUMBER, stop_timeout_usec),
        FIELD("file-size-max", FIELD_NUMBER, file_size_max),
        FIELD("memory-max", FIELD_NUMBER, memory_max),
        FIELD("tasks-max", FIELD_NUMBER, tasks_max),
        FIELD("cpu-quota-usec", FIELD_NUMBER, cpu_quota_usec),
        FIELD("restart-pause-usec", FIELD_NUMBER, restart_pause_usec),
        FIELD("restart-burst", FIELD_UNSIGNED, restart_burst),
        FIELD("log-app", FIELD_TEXT, log_app),
        FIELD("log-process", FIELD_TEXT, log_process),
        FIELD("log-revision", FIELD_TEXT, log_revision),
        FIELD("log-deployment", FIELD_NUMBER, log_deployment),
};

static const char *const networks[] = {
        [UNIT_NETWORK_PUBLIC] = "public",
        [UNIT_NETWORK_NONE] = "none",
};

#define TRUTH "yes"

static int field_write_address(const UnitAddress *address, const char *key, Ticket *ticket)
{
        char text[INET6_ADDRSTRLEN];

        if (address->family == 0)
                return 0;
        if (!inet_ntop(address->family, address->bytes, text, sizeof(text)))
                return -EINVAL;
        return ticket_set(ticket, key, text);
}

static int field_write_text(const char *text, const char *key, Ticket *ticket)
{
        if (!text)
                return 0;
        return unit_text_is_allowed(text) ? ticket_set(ticket, key, text) : -EINVAL;
}

static int field_write_number(uint64_t number, const char *key, Ticket *ticket)
{
        return number == 0 ? 0 : ticket_set_u64(ticket, key, number);
}

/* What is not set has no line. */
static int field_write(const Field *field, const void *value, const char *key, Ticket *ticket)
{
        switch (field->type) {
        case FIELD_TEXT:
                return field_write_text(*(const char *const *) value, key, ticket);
        case FIELD_NUMBER:
                return field_write_number(*(const uint64_t *) value, key, ticket);
        case FIELD_UNSIGNED:
                return field_write_number(*(const unsigned *) value, key, ticket);
        case FIELD_TRUTH:
                return field_write_text(*(const bool *) value ? TRUTH : NULL, key, ticket);
        case FIELD_KIND:
                return field_write_text(unit_kind_to_string(*(const UnitKind *) value), key, ticket);
        case FIELD_NETWORK:
                return field_write_text(networks[*(const UnitNetwork *) value], key, ticket);
        case FIELD_ADDRESS:
                break;
        }
        return field_write_address(value, key, ticket);
}

static int field_read_network(const char *text, UnitNetwork *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(networks); i++)
                if (networks[i] && strcmp(networks[i], text) == 0) {
                        *ret = (UnitNetwork) i;
                        return 0;
                }
        return -EINVAL;
}

static int field_read_kind(const char *text, UnitKind *ret)
{
        *ret = unit_kind_from_string(text);
        return (int) *ret < 0 ? -EINVAL : 0;
}

static int field_read_address(const char *text, UnitAddress *ret)
{
        ret->family = strchr(text, ':') ? AF_INET6 : AF_INET;
        return inet_pton(ret->family, text, ret->bytes) == 1 ? 0 : -EINVAL;
}

static int field_read_unsigned(const char *text, unsigned *ret)
{
        uint64_t number;
        int r = text_to_u64(text, UINT_MAX, &number);

        if (r >= 0)
                *ret = (unsigned) number;
        return r;
}

static int field_read(const Field *field, const char *text, void *value)
{
        if (!unit_text_is_allowed(text))
                return -EINVAL;
        switch (field->type) {
        case FIELD_TEXT:
                *(const char **) value = text;
                return 0;
        case FIELD_NUMBER:
                return text_to_u64(text, UINT64_MAX, value);
        case FIELD_UNSIGNED:
                return field_read_unsigned(text, value);
        case FIELD_TRUTH:
                *(bool *) value = true;
                return strcmp(text, TRUTH) == 0 ? 0 : -EINVAL;
        case FIELD_KIND:
                return field_read_kind(text, value);
        case FIELD_NETWORK:
                return field_read_network(text, value);
        case FIELD_ADDRESS:
                break;
        }
        return field_read_address(text, value);
}

/* Whether the key is that of the member; *ret_index is the place in its list, from 0. */
static bool field_has_key(const Field *field, const char *key, size_t *ret_index)
{
        size_t length = strlen(field->key);
        uint64_t number = 1;

        if (strncmp(key, field->key, length) != 0)
                return false;
        key += length;
        if (field->count == 0) {
                if (key[0] != '\0')
                        return false;
        } else if (key[0] != '.' || text_to_u64(key + 1, field->count, &number) < 0 || number == 0)
                return false;
        *ret_index = number - 1;
        return true;
}

/* The member that a key names, and its place in UnitSpec. NULL if it names none. */
static const Field *field_find(const char *key, size_t *ret_offset)
{
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                size_t index;

                if (!field_has_key(&fields[i], key, &index))
                        continue;
                *ret_offset = fields[i].offset + index * fields[i].stride;
                return &fields[i];
        }
        return NULL;
}

static bool texts_have_gap(const char *const texts[], size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (texts[i] && !texts[i - 1])
                        return true;
        return false;
}

static bool binds_have_gap(const UnitBind binds[UNIT_SPEC_BINDS_MAX])
{
        for (size_t i = 0; i < UNIT_SPEC_BINDS_MAX; i++)
                if (!binds[i].source != !binds[i].target || (!binds[i].source && binds[i].writable) ||
                    (i > 0 && binds[i].source && !binds[i - 1].source))
                        return true;
        return false;
}

static bool addresses_have_gap(const UnitAddress addresses[UNIT_SPEC_ADDRESSES_MAX])
{
        for (size_t i = 1; i < UNIT_SPEC_ADDRESSES_MAX; i++)
                if (addresses[i].family != 0 && addresses[i - 1].family == 0)
                        return true;
        return false;
}

/* The key of what each unit has and this one has not, or of a list that ends before its last item: who reads
 * a list stops at the gap. NULL = the spec is whole. */
static const char *spec_find_missing(const UnitSpec *spec)
{
        if (spec->kind == UNIT_KIND_UNSET)
                return "kind";
        if (!spec->name)
                return "name";
        if (!spec->arguments[0] || texts_have_gap(spec->arguments, ELEMENTSOF(spec->arguments)))
                return "argument";
        if (texts_have_gap(spec->stop_post, ELEMENTSOF(spec->stop_post)))
                return "stop-post";
        if (texts_have_gap(spec->kept, ELEMENTSOF(spec->kept)))
                return "kept";
        if (binds_have_gap(spec->binds))
                return "bind-source";
        return addresses_have_gap(spec->reached) ? "reached" : NULL;
}

static int field_write_all(const Field *field, const UnitSpec *spec, Ticket *ticket)
{
        const uint8_t *value = (const uint8_t *) spec + field->offset;
        int r = 0;

        if (field->count == 0)
                return field_write(field, value, field->key, ticket);
        for (unsigned i = 0; r >= 0 && i < field->count; i++) {
                _cleanup_free_ char *key = text_format("%s.%u", field->key, i + 1);

                r = key ? field_write(field, value + i * field->stride, key, ticket) : -ENOMEM;
        }
        return r;
}

int unit_spec_to_ticket(const UnitSpec *spec, Ticket *ticket)
{
        int r;

        assert(spec);
        assert(ticket);

        if (spec->stdin_fd >= 0 || spec->stdout_fd >= 0 || spec_find_missing(spec))
                return -EINVAL;
        r = ticket_set_u64(ticket, KEY_FORMAT, FORMAT);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(fields); i++)
                r = field_write_all(&fields[i], spec, ticket);
        return r;
}

typedef struct Reading {
        UnitSpec spec;
        bool has_format;
        const char *wrong; /* key of the line at which it ended */
} Reading;

static int reading_take_line(const char *key, const char *text, void *userdata)
{
        Reading *reading = userdata;
        const Field *field;
        size_t offset;
        uint64_t format;

        reading->wrong = key;
        if (strcmp(key, KEY_FORMAT) == 0) {
                reading->has_format = text_to_u64(text, UINT64_MAX, &format) >= 0 && format == FORMAT;
                return reading->has_format ? 0 : -EINVAL;
        }
        field = field_find(key, &offset);
        if (!field || field_read(field, text, (uint8_t *) &reading->spec + offset) < 0)
                return -EINVAL;
        reading->wrong = NULL;
        return 0;
}

int unit_spec_from_ticket(const Ticket *ticket, UnitSpec *ret, const char **ret_key)
{
        Reading reading = { .spec = UNIT_SPEC_INIT };
        int r;

        assert(ticket);
        assert(ret);
        assert(ret_key);

        r = ticket_foreach(ticket, "", reading_take_line, &reading);
        if (r >= 0)
                reading.wrong = reading.has_format ? spec_find_missing(&reading.spec) : KEY_FORMAT;
        if (reading.wrong) {
                *ret_key = reading.wrong;
                return -EINVAL;
        }
        *ret = reading.spec;
        return 0;
}
