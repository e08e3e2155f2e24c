/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/calls/credential-calls.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/credential-kind.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/credential.h"
#include "daemon/pipeline/jobs/helper.h"

static void log_access(const Repository *repository, const char *what)
{
        LogSubject subject = { .repository = repository->name };

        log_line(LOG_INFO, NULL, &subject, "Repository %s %s", repository->name, what);
}

static int refuse_file(const Repository *repository, int r, sd_bus_error *reterr)
{
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_FAILED,
                                 "the credential of %s could not be kept in " PATH_CREDENTIALS ": %s",
                                 repository->name, strerror(-r));
}

int repository_set_credential(Pipeline *pipeline, Repository *repository, const char *credential,
                              const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(repository);
        assert(credential);
        assert(call);

        r = credential_write(repository, credential);
        model_changed_repository(pipeline->model, repository);
        if (r < 0)
                return refuse_file(repository, r, reterr);
        log_access(repository, credential[0] ? "has another credential" : "has no credential any more");
        call_answer(call, 0);
        return 0;
}

int repository_set_known_hosts(Pipeline *pipeline, Repository *repository, const char *known_hosts,
                               const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(repository);
        assert(known_hosts);
        assert(call);

        r = credential_write_known_hosts(repository, known_hosts);
        if (r < 0)
                return refuse_file(repository, r, reterr);
        log_access(repository,
                   known_hosts[0] ? "has known hosts of its own" : "has no known hosts of its own any more");
        call_answer(call, 0);
        return 0;
}

/* Repository.GenerateKey: a unit makes it, and deployd keeps the private half. */
typedef struct KeyMaker {
        Pipeline *pipeline;
        Repository *repository;
        int key_fd; /* where the unit writes the private half */
        Helper *helper;
        KeyDone done;
        void *userdata;
        LIST_FIELDS(struct KeyMaker, key_makers);
} KeyMaker;

/* Made in no time, unless the machine is very busy. */
#define MAKE_TIMEOUT_USEC (60 * USEC_PER_SEC)

static KeyMaker *key_maker_free(KeyMaker *maker)
{
        LIST_REMOVE(key_makers, maker->pipeline->key_makers, maker);
        helper_free(maker->helper);
        closep(&maker->key_fd);
        free(maker);
        return NULL;
}

static void key_maker_fail(const KeyMaker *maker, const char *sentence)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setf(&error, SD_BUS_ERROR_FAILED, "no key was made: %s", sentence);
        maker->done(maker->userdata, &error, NULL);
}

void key_makers_end(Pipeline *pipeline, const Repository *repository)
{
        KeyMaker *maker, *next;

        LIST_FOREACH_SAFE (key_makers, maker, next, pipeline->key_makers) {
                if (repository && maker->repository != repository)
                        continue;
                if (repository)
                        key_maker_fail(maker, "the repository was removed");
                key_maker_free(maker);
        }
}

/* The private half, as the unit has written it. */
static int key_keep(const KeyMaker *maker)
{
        char text[CREDENTIAL_SIZE_MAX + 1];
        _cleanup_secret_ char *clean = NULL;
        const char *wrong;
        size_t size;
        ssize_t n;
        int r;

        n = pread(maker->key_fd, text, sizeof(text), 0);
        if (n <= 0)
                return n < 0 ? -errno : -EBADMSG;
        r = credential_clean(text, (size_t) n, &clean, &size, &wrong);
        if (r >= 0)
                r = credential_is_key(clean, size) ? credential_write(maker->repository, clean) : -EBADMSG;
        explicit_bzero(text, sizeof(text));
        return r;
}

static void key_maker_on_done(void *userdata, const Ticket *answer, const char *failure)
{
        KeyMaker *maker = userdata;
        const char *public_half = answer ? ticket_get(answer, "public") : NULL;
        int r;

        if (failure)
                key_maker_fail(maker, failure);
        else if (!public_half)
                key_maker_fail(maker, "the answer has no public half");
        else if ((r = key_keep(maker)) < 0)
                key_maker_fail(maker, strerror(-r));
        else {
                model_changed_repository(maker->pipeline->model, maker->repository);
                log_access(maker->repository, "has a new key");
                maker->done(maker->userdata, NULL, public_half);
        }
        key_maker_free(maker);
}

static int key_maker_start(KeyMaker *maker)
{
        static uint64_t last_number;
        const UnitKindRow *row = unit_kind_row(UNIT_KEYGEN);
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_KEYGEN, maker->repository->name, ++last_number, NULL, 0);
        _cleanup_free_ char *user = unit_kind_user(UNIT_FETCH, maker->repository->id);
        _cleanup_(ticket_freep) Ticket *request = ticket_new();
        UnitSpec spec = UNIT_SPEC_INIT;

        if (!unit || !user || !request)
                return -ENOMEM;
        maker->key_fd = memfd_create("key", MFD_CLOEXEC);
        if (maker->key_fd < 0)
                return -errno;
        spec.kind = UNIT_KEYGEN;
        spec.name = unit;
        spec.user = user;
        spec.arguments[0] = row->helper;
        spec.arguments[1] = "key";
        spec.stdout_fd = maker->key_fd;
        spec.timeout_usec = MAKE_TIMEOUT_USEC;
        spec.stop_timeout_usec = HELPER_STOP_USEC;
        spec.file_size_max = 2 * CREDENTIAL_SIZE_MAX;
        return helper_new(maker->pipeline,
                          &(HelperParams){ .what = "ssh-keygen",
                                           .spec = &spec,
                                           .request = request,
                                           .owner = { 0, maker->repository->id },
                                           .done = key_maker_on_done,
                                           .userdata = maker },
                          &maker->helper);
}

int repository_generate_key(Pipeline *pipeline, Repository *repository, KeyDone done, void *userdata,
                            sd_bus_error *reterr)
{
        KeyMaker *maker;
        int r;

        assert(pipeline);
        assert(repository);
        assert(done);

        maker = calloc(1, sizeof(KeyMaker));
        if (!maker)
                return -ENOMEM;
        *maker = (KeyMaker){ .pipeline = pipeline,
                             .repository = repository,
                             .key_fd = -1,
                             .done = done,
                             .userdata = userdata };
        LIST_PREPEND(key_makers, pipeline->key_makers, maker);
        r = key_maker_start(maker);
        if (r < 0) {
                key_maker_free(maker);
                return sd_bus_error_set_errno(reterr, r);
        }
        return 0;
}
