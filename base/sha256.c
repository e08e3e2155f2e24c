/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sha256.h"

#include <gcrypt.h>

#define SHA256_SIZE 32

struct Sha256 {
        gcry_md_hd_t handle;
};

/* The library wants to be told that nobody else will set it up; locked memory is for secrets, of which a
 * digest has none. */
static void library_start(void)
{
        if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
                return;
        (void) gcry_check_version(NULL);
        (void) gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        (void) gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static Sha256 *sha256_make(unsigned flags)
{
        _cleanup_free_ Sha256 *sha = malloc(sizeof(Sha256));

        library_start();
        if (!sha || gcry_md_open(&sha->handle, GCRY_MD_SHA256, flags) != 0)
                return NULL;
        return TAKE_PTR(sha);
}

Sha256 *sha256_new(void)
{
        return sha256_make(0);
}

Sha256 *sha256_new_keyed(const void *key, size_t size)
{
        _cleanup_(sha256_freep) Sha256 *sha = sha256_make(GCRY_MD_FLAG_HMAC);

        assert(key);

        if (!sha || gcry_md_setkey(sha->handle, key, size) != 0)
                return NULL;
        return TAKE_PTR(sha);
}

Sha256 *sha256_free(Sha256 *sha)
{
        if (!sha)
                return NULL;
        gcry_md_close(sha->handle);
        free(sha);
        return NULL;
}

void sha256_add(Sha256 *sha, const void *data, size_t size)
{
        assert(sha);
        assert(data || size == 0);

        gcry_md_write(sha->handle, data, size);
}

Sha256Text sha256_finish(Sha256 *sha)
{
        static const char digits[] = "0123456789abcdef";
        const unsigned char *digest;
        Sha256Text ret = { "" };

        assert(sha);

        digest = gcry_md_read(sha->handle, GCRY_MD_SHA256);
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                ret.text[2 * i] = digits[digest[i] >> 4];
                ret.text[2 * i + 1] = digits[digest[i] & 15];
        }
        gcry_md_reset(sha->handle);
        return ret;
}
