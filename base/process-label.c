/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/process-label.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void process_label_make(const char *process, char ret[static PROCESS_LABEL_MAX + 1])
{
        char *at = ret;

        assert(process_name_is_valid(process));

        for (; *process; process++) {
                if (*process == '_')
                        *at++ = '-';
                *at++ = (char) (*process == '_' ? '-' : *process == '-' ? '_' : *process);
        }
        *at = '\0';
}

int process_label_read(const char *label, size_t length, char ret[static PROCESS_NAME_MAX + 1])
{
        size_t size = 0;

        assert(label);

        for (size_t i = 0; i < length; i++) {
                if (size == PROCESS_NAME_MAX)
                        return -EINVAL;
                if (label[i] == '-' && (++i == length || label[i] != '-'))
                        return -EINVAL;
                ret[size++] = (char) (label[i] == '-' ? '_' : label[i] == '_' ? '-' : label[i]);
        }
        ret[size] = '\0';
        return strlen(ret) == size && process_name_is_valid(ret) ? 0 : -EINVAL;
}
