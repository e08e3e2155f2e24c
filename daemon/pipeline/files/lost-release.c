/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/lost-release.h"

#include <errno.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/release.h"

bool lost_release_is(const Deployment *deployment)
{
        assert(deployment);
        return deployment->release_id != 0 && deployment_release(deployment) &&
               release_is_missing(deployment->release_id);
}

char *lost_release_describe(const Deployment *deployment)
{
        assert(deployment);
        return text_format(
                "its release is not on the disk any more: 'deployctl deploy %s %.12s' builds it again",
                deployment->app->name, deployment->revision);
}

int lost_release_refuse(const Deployment *deployment, sd_bus_error *reterr)
{
        _cleanup_free_ char *sentence = NULL;

        if (!lost_release_is(deployment))
                return 0;
        sentence = lost_release_describe(deployment);
        return sentence ? sd_bus_error_set(reterr, BUS_ERROR_NO_SUCH_RELEASE, sentence) : -ENOMEM;
}
