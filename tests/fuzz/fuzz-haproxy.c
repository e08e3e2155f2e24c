/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/model.h"
#include "ingress/reason.h"
#include "ingress/servers.h"
#include "tests/fuzz/fuzz.h"

/* What haproxy answers, and what it prints. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = text_of(data, size), *reason = NULL, *strays = NULL;
        Model *model = model_new();
        FILE *file;
        size_t n;

        expect(model);
        file = open_memstream(&strays, &n);
        expect(file);
        (void) servers_read(model, text, file);
        fclose(file);
        (void) servers_has_backend(text, "app-shop");
        reason = reason_of_line((const char *) data, size);
        expect(!reason || strlen(reason) <= size * 4);
        model_free(model);
        return 0;
}
