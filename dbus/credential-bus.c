/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/credential-bus.h"

#include <errno.h>
#include <string.h>

#include "base/credential-kind.h"
#include "base/git-address.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/repository.h"
#include "dbus/bus-args.h"

typedef struct NewRepository {
        BusBytes credential;
        char *known_hosts;
} NewRepository;

static int check_known_hosts_option(const Bus *bus, const BusOption *option, const void *value,
                                    sd_bus_error *reterr)
{
        (void) bus;
        (void) option;
        return bus_args_check_known_hosts(value, reterr);
}

/* A method that takes the right to manage was given a credential, which takes another right: polkit is asked
 * for one right in a call. */
static int check_right(const BusCall *call, sd_bus_error *reterr)
{
        return call->call.uid == 0
                       ? 0
                       : sd_bus_error_set(
                                 reterr, SD_BUS_ERROR_ACCESS_DENIED,
                                 "only root may give a credential with the address: leave it out here, and "
                                 "give it by SetCredential ('deployctl repo credential NAME')");
}

/* What comes with the address, or apart from it: into *ret, NULL = nothing. */
static int read_secret(const GitAddress *address, const BusBytes *given, char **ret, sd_bus_error *reterr)
{
        BusBytes bytes = *given;

        if (address->password && bytes.data)
                return sd_bus_error_set(
                        reterr, SD_BUS_ERROR_INVALID_ARGS,
                        "credential: the address has a password in it, too: give one of them");
        if (address->password)
                bytes = (BusBytes){ address->password, strlen(address->password) };
        if (!bytes.data)
                return 0;
        return bus_args_read_credential(&bytes, address->url, ret, reterr);
}

int credential_bus_run_create(BusCall *call, void *noun, sd_bus_error *reterr)
{
        static const BusOption options[] = {
                { .name = "credential", .type = "ay", .offset = offsetof(NewRepository, credential) },
                { .name = "known-hosts",
                  .type = "s",
                  .offset = offsetof(NewRepository, known_hosts),
                  .check = check_known_hosts_option },
        };
        _cleanup_(git_address_done) GitAddress address = { NULL };
        _cleanup_secret_ char *secret = NULL;
        NewRepository new = { .known_hosts = NULL };
        const char *name, *url, *branch;
        int r;

        (void) noun;
        r = sd_bus_message_read(call->message, "sss", &name, &url, &branch);
        if (r >= 0)
                r = bus_args_check_name(name, reterr);
        if (r >= 0)
                r = bus_args_read_url(call->bus, url, &address, reterr);
        if (r >= 0)
                r = bus_args_check_revision("default-branch", branch, true, reterr);
        if (r >= 0)
                r = bus_args_read_options(call->bus, call->message, options, ELEMENTSOF(options), NULL, &new,
                                          reterr);
        if (r >= 0)
                r = read_secret(&address, &new.credential, &secret, reterr);
        if (r >= 0 && secret)
                r = check_right(call, reterr);
        if (r >= 0)
                r = repository_create(call->bus->params.pipeline, name, address.url, branch,
                                      &(const RepositoryAccess){ secret, new.known_hosts }, &call->call,
                                      reterr);
        free(new.known_hosts);
        return r;
}

int credential_bus_run_set_git_url(BusCall *call, void *noun, sd_bus_error *reterr)
{
        _cleanup_(git_address_done) GitAddress address = { NULL };
        _cleanup_secret_ char *secret = NULL;
        const char *url;
        int r;

        r = sd_bus_message_read(call->message, "s", &url);
        if (r >= 0)
                r = bus_args_read_url(call->bus, url, &address, reterr);
        if (r >= 0)
                r = read_secret(&address, &(const BusBytes){ NULL, 0 }, &secret, reterr);
        if (r >= 0 && secret)
                r = check_right(call, reterr);
        if (r < 0)
                return r;
        return repository_set_git_url(call->bus->params.pipeline, noun, address.url, secret, &call->call,
                                      reterr);
}

int credential_bus_run_set(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const Repository *repository = noun;
        _cleanup_secret_ char *secret = NULL;
        BusBytes bytes = { NULL, 0 };
        const char *contents;
        int r;

        r = sd_bus_message_peek_type(call->message, NULL, &contents);
        if (r < 0)
                return r;
        if (strcmp(contents, "ay") != 0)
                return sd_bus_error_set(
                        reterr, SD_BUS_ERROR_INVALID_ARGS,
                        "credential: its bytes are wanted, as ay: the bus lets no descriptor through");
        r = sd_bus_message_enter_container(call->message, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_read_array(call->message, 'y', &bytes.data, &bytes.size);
        if (r >= 0)
                r = bus_args_read_credential(&bytes, repository->git_url, &secret, reterr);
        if (r < 0)
                return r;
        return repository_set_credential(call->bus->params.pipeline, noun, secret, &call->call, reterr);
}

int credential_bus_run_set_known_hosts(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const char *text;
        int r;

        r = sd_bus_message_read(call->message, "s", &text);
        if (r >= 0)
                r = bus_args_check_known_hosts(text, reterr);
        if (r < 0)
                return r;
        return repository_set_known_hosts(call->bus->params.pipeline, noun, text, &call->call, reterr);
}

static void credential_bus_on_key(void *userdata, const sd_bus_error *error, const char *public_half)
{
        _cleanup_(bus_call_endp) BusCall *call = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (!call->bus)
                return;
        if (error) {
                bus_call_fail(call, -EIO, error);
                return;
        }
        r = bus_call_reply_new(call, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", public_half);
        bus_call_finish(call, reply, r);
}

int credential_bus_run_generate_key(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const Repository *repository = noun;
        const char *wrong = credential_misfit(/* is_key= */ true, repository->git_url);

        if (wrong)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS, wrong);
        return repository_generate_key(call->bus->params.pipeline, noun, credential_bus_on_key, call,
                                       reterr);
}
