/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the credential of a repository may be: pure rules. */

#include "base/macro.h"

/* Of a private key or token, and of lines of known_hosts. The largest key of ssh-keygen(1), RSA with 16384
 * bits, has 12 KiB. */
#define CREDENTIAL_SIZE_MAX  ((size_t) 16 * 1024)
#define TOKEN_LENGTH_MAX     2048
#define KNOWN_HOSTS_SIZE_MAX ((size_t) 64 * 1024)

/* Of a credential that is bound (credential_bind()): an origin has a host of at most 253 bytes. */
#define CREDENTIAL_BOUND_SIZE_MAX (CREDENTIAL_SIZE_MAX + 512)

/* As the units are handed them: names for LoadCredential= (systemd.exec(5)), and of their files. */
#define CREDENTIAL_SECRET      "credential"
#define CREDENTIAL_KNOWN_HOSTS "known-hosts"

/* Text that begins `-----BEGIN` is a private key, anything else a password or token. */
bool credential_is_key(const char *text, size_t size);

/* Makes what somebody has given the form that is kept: a key with line feeds, one at the end, too; a token
 * without those behind it. 0 with *ret (caller frees), of *ret_size bytes and a NUL; 0 and *ret_size 0 of an
 * empty one. -EINVAL with a constant sentence in *ret_wrong: a key with a passphrase, a public key, a token
 * that is no line of text, too long. -ENOMEM. */
int credential_clean(const char *text, size_t size, char **ret, size_t *ret_size, const char **ret_wrong);

/* What is kept says where it goes, so that a changed address does not send a token to another server: the
 * origin of the address that it was given for (git_address_origin()), a line feed, the credential. Caller
 * frees; NULL when out of memory. */
char *credential_bind(const char *url, const char *text);
/* The credential in it; NULL if it is not of that form. */
const char *credential_unbind(const char *bound);
/* Whether it may be used for the address: of its origin, or a key, which tells a server nothing. */
bool credential_is_for(const char *bound, const char *url);

/* Whether it is of use for the address; a constant sentence if not, else NULL. */
const char *credential_misfit(bool is_key, const char *url);

/* What is wrong with lines of known_hosts (sshd(8)); NULL if nothing is. */
const char *known_hosts_wrong(const char *text);
