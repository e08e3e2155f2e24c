/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/store.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/text.h"
#include "ports/bag.h"

/* The second name is that of a bag while the one with the first is exchanged: it is the newer one. So there
 * is one at any moment, and nobody has to know which. */
#define NAME_KEPT "listeners"
#define NAME_NEXT "listeners-next"

#define PATIENCE_USEC (30 * USEC_PER_SEC)

/* The bag of that name among the `n` descriptors; -1 if there is none. */
static int store_find(char *const *names, int n, const char *name)
{
        for (int i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return SD_LISTEN_FDS_START + i;
        return -1;
}

int store_look(Kept *kept)
{
        char **names = NULL;
        int n, bag, r;

        assert(kept);

        n = sd_listen_fds_with_names(/* unset_environment= */ true, &names);
        if (n <= 0)
                return n;
        bag = store_find(names, n, NAME_NEXT);
        if (bag < 0)
                bag = store_find(names, n, NAME_KEPT);
        r = bag < 0 ? 0 : bag_look(bag, kept);
        for (int i = 0; i < n; i++)
                (void) close(SD_LISTEN_FDS_START + i);
        (void) text_free_list(names);
        return r;
}

/* Nothing is gained from watching the bag (FDPOLL=). */
static int store_add(const Kept *kept, const char *name)
{
        _cleanup_free_ char *state = text_format("FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
        _cleanup_close_ int bag = -1;
        int r;

        if (!state)
                return -ENOMEM;
        r = bag_pack(kept, &bag);
        if (r < 0)
                return r;
        r = sd_pid_notify_with_fds(0, /* unset_environment= */ false, state, &bag, 1);
        return r == 0 ? -EUNATCH : r;
}

static int store_drop(const char *name)
{
        int r = sd_notifyf(/* unset_environment= */ false, "FDSTOREREMOVE=1\nFDNAME=%s", name);

        return r == 0 ? -EUNATCH : r;
}

int store_clear(void)
{
        int r = store_drop(NAME_KEPT);

        if (r >= 0)
                r = store_drop(NAME_NEXT);
        if (r >= 0)
                r = sd_notify_barrier(/* unset_environment= */ false, PATIENCE_USEC);
        return MIN2(r, 0);
}

int store_replace(const Kept *kept)
{
        int r;

        assert(kept);

        r = store_add(kept, NAME_NEXT);
        if (r >= 0)
                r = store_drop(NAME_KEPT);
        if (r >= 0)
                r = store_add(kept, NAME_KEPT);
        if (r >= 0)
                r = store_drop(NAME_NEXT);
        if (r >= 0)
                r = sd_notify_barrier(/* unset_environment= */ false, PATIENCE_USEC);
        return MIN2(r, 0);
}
