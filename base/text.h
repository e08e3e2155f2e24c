/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Whether a code point changes how what is around it is shown: the control characters (C0, DEL, C1), and the
 * explicit formatting characters of UAX #9, by which text can be shown in another order than it has
 * (CVE-2021-42574). The implicit marks (U+061C, U+200E, U+200F) reorder no letters, and languages that are
 * written from right to left need them. */
bool text_is_control(uint32_t code);

/* True if `text` is valid UTF-8 and has no control characters but, with `allow_tab`, a tab. */
bool text_is_clean(const char *text, bool allow_tab);
/* The same of a text of several lines: tabs and newlines are allowed. */
bool text_has_clean_lines(const char *text);

/* What a request line of HTTP names (RFC 9112, origin-form): `/` and what follows, a query too, printable
 * ASCII without blanks, without the `#` that is never sent, at most HTTP_TARGET_MAX bytes. */
#define HTTP_TARGET_MAX ((size_t) 256)
bool text_is_http_target(const char *text);

/* Whether all of it is printable ASCII, tabs and ends of lines. */
bool text_is_lines(const char *text);

/* Whether the address of a repository names a file of this machine: /path or file:///path. */
bool text_is_local_url(const char *url);

/* A copy of `text`, fit to be shown and stored: invalid UTF-8 and control characters are replaced by `?`,
 * blanks at the ends dropped, and what is longer than `max` bytes cut at a character's border with `…`.
 * Caller frees; NULL when out of memory. */
char *text_sanitize(const char *text, size_t max);

/* Takes the escape sequences of terminals out (ECMA-48: colours, cursors, titles), in place. */
void text_strip_escapes(char *text);

/* printf into a new string. Caller frees; NULL when out of memory. */
char *text_format(const char *format, ...) _printf_(1, 2);

/* The words of a list that ends with NULL, with `separator` between two; "" if there is none. Caller frees;
 * NULL when out of memory. */
char *text_join(const char *const *words, const char *separator);

/* Replaces *target by a copy of `value` (NULL allowed). 0, or -ENOMEM with *target unchanged. */
int text_replace(char **target, const char *value);

/* Frees each text of a list that ends with NULL, and the list; NULL is allowed. */
char **text_free_list(char **list);

/* Whole decimal number without sign, blanks or leading zeros, at most `max`. 0, -EINVAL, or -ERANGE. */
int text_to_u64(const char *text, uint64_t max, uint64_t *ret);

/* A copy of the first `size` bytes with %XX decoded; what is no proper %XX stays as it is. Caller frees;
 * NULL when out of memory. */
char *text_percent_decode(const char *text, size_t size);

/* "1.2 MiB" into `buffer`, which is returned. */
typedef char SizeText[sizeof("18446744073709551615 bytes")];
const char *text_size(uint64_t size, SizeText buffer);

/* The size of the byte order mark (UTF-8) that some editors write at the begin of a file: 0 or 3. The `size`
 * bytes at `text` need no NUL behind them. */
size_t text_mark_size(const char *text, size_t size);

static inline bool text_is_empty(const char *text)
{
        return !text || text[0] == '\0';
}

static inline const char *text_or_empty(const char *text)
{
        return text ? text : "";
}
