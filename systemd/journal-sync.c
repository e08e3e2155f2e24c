/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/journal-sync.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/names.h"

struct JournalSync {
        int fd;
        sd_event_source *io, *timer;
        JournalSynced synced;
        void *userdata;
};

JournalSync *journal_sync_free(JournalSync *sync)
{
        if (!sync)
                return NULL;
        sd_event_source_disable_unref(sync->io);
        sd_event_source_disable_unref(sync->timer);
        closep(&sync->fd);
        free(sync);
        return NULL;
}

static void journal_sync_finish(JournalSync *sync)
{
        JournalSynced synced = sync->synced;
        void *userdata = sync->userdata;

        journal_sync_free(sync);
        synced(userdata);
}

static int journal_sync_on_timeout(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        journal_sync_finish(userdata);
        return 0;
}

/* Any answer is one: whatever it says, the journal has done what it could. */
static int journal_sync_on_io(_unused_ sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        JournalSync *sync = userdata;

        if (events == EPOLLOUT) {
                if (send(fd, JOURNAL_SYNCHRONIZE, sizeof(JOURNAL_SYNCHRONIZE), MSG_NOSIGNAL) ==
                            (ssize_t) sizeof(JOURNAL_SYNCHRONIZE) &&
                    sd_event_source_set_io_events(sync->io, EPOLLIN) >= 0)
                        return 0;
        }
        journal_sync_finish(sync);
        return 0;
}

static int connect_to_journal(void)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                                    .sun_path = PATH_JOURNAL_VARLINK };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int journal_sync_new(sd_event *event, JournalSynced synced, void *userdata, JournalSync **ret)
{
        _cleanup_(journal_sync_freep) JournalSync *sync = NULL;
        int r;

        assert(event);
        assert(synced);
        assert(ret);

        sync = calloc(1, sizeof(JournalSync));
        if (!sync)
                return -ENOMEM;
        *sync = (JournalSync){ .fd = connect_to_journal(), .synced = synced, .userdata = userdata };
        /* Without a journal to ask there is nothing to wait for. */
        r = sd_event_add_time_relative(event, &sync->timer, CLOCK_MONOTONIC,
                                       sync->fd < 0 ? 0 : JOURNAL_SYNC_PATIENCE_USEC, 0,
                                       journal_sync_on_timeout, sync);
        if (r >= 0 && sync->fd >= 0)
                r = sd_event_add_io(event, &sync->io, sync->fd, EPOLLOUT, journal_sync_on_io, sync);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(sync);
        return 0;
}
