/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/environment-gc.h"

void environment_collect(Pipeline *pipeline, App *app)
{
        const StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };
        EnvironmentVersion *version;

        assert(pipeline);
        assert(app);

        /* A statement that is lost leaves a row that the next start reads and forgets. */
        while ((version = environment_version_unused(app))) {
                (void) store_environment_forget(pipeline->store, version->id, &ask);
                environment_version_free(app, version);
        }
}
