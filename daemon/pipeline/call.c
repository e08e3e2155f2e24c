/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/call.h"

#include <assert.h>

void call_answer(const Call *call, uint64_t id)
{
        assert(call);
        call->done(call->userdata, NULL, id);
}

void call_refusev(const Call *call, const char *name, const char *format, va_list arguments)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setfv(&error, name, format, arguments);
        call->done(call->userdata, &error, 0);
}

void call_refuse(const Call *call, const char *name, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        call_refusev(call, name, format, arguments);
        va_end(arguments);
}
