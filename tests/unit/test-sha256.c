/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sha256.h"

#include <criterion/criterion.h>
#include <string.h>

/* Of FIPS 180-4, as NIST publishes them with intermediate values. */
Test(sha256, hashes_as_the_standard_says)
{
        static const struct {
                const char *text, *digest;
        } cases[] = {
                { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(sha256_freep) Sha256 *sha = sha256_new();
                Sha256Text text;

                cr_assert(sha);
                sha256_add(sha, cases[i].text, strlen(cases[i].text));
                text = sha256_finish(sha);
                cr_expect_str_eq(text.text, cases[i].digest);
        }
}

/* Test cases 1 to 4, 6 and 7 of RFC 4231 (5 is about a cut digest). */
Test(sha256, keyed_is_hmac)
{
        static const struct {
                int key_byte; /* 0 = `key` */
                size_t key_size;
                const char *key;
                int data_byte;
                size_t data_size;
                const char *data, *digest;
        } cases[] = {
                { 0x0b, 20, NULL, 0, 0, "Hi There",
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
                { 0, 4, "Jefe", 0, 0, "what do ya want for nothing?",
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
                { 0xaa, 20, NULL, 0xdd, 50, NULL,
                  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
                { 0, 25,
                  "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
                  "\x14\x15\x16\x17\x18\x19",
                  0xcd, 50, NULL, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
                { 0xaa, 131, NULL, 0, 0, "Test Using Larger Than Block-Size Key - Hash Key First",
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
                { 0xaa, 131, NULL, 0, 0,
                  "This is a test using a larger than block-size key and a larger than block-size data. The "
                  "key needs to be hashed before being used by the HMAC algorithm.",
                  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(sha256_freep) Sha256 *sha = NULL;
                unsigned char key[131], data[50];
                Sha256Text text;

                memset(key, cases[i].key_byte, sizeof(key));
                memset(data, cases[i].data_byte, sizeof(data));
                sha = sha256_new_keyed(cases[i].key ? (const void *) cases[i].key : key, cases[i].key_size);
                cr_assert(sha);
                /* In two parts: what is added adds up. */
                if (cases[i].data) {
                        sha256_add(sha, cases[i].data, 3);
                        sha256_add(sha, cases[i].data + 3, strlen(cases[i].data) - 3);
                } else
                        sha256_add(sha, data, cases[i].data_size);
                text = sha256_finish(sha);
                cr_expect_str_eq(text.text, cases[i].digest, "case %zu: %s", i, text.text);
        }
}
