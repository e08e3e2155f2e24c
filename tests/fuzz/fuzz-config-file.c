/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-file.h"

#include <errno.h>

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

static int take(_unused_ void *userdata, _unused_ const char *path, unsigned first, unsigned last,
                const char *section, const char *name, const char *value, _unused_ char **reterr)
{
        expect(first > 0 && first <= last);
        expect(text_is_clean(section, true) && text_is_clean(name, true) && text_is_clean(value, true));
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_close_ int fd = file_of(data, size);
        _cleanup_free_ char *path = text_format("/proc/self/fd/%d", fd), *error = NULL;
        int r;

        expect(path);
        r = config_file_read(path, take, NULL, &error);
        expect(r == 0 || ((r == -EINVAL || r == -EFBIG) && error && text_is_clean(error, false)));
        return 0;
}
