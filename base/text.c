/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Bytes of the UTF-8 character at `text`, its code point in *ret; 0 if it is malformed (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t character_at(const char *text, uint32_t *ret)
{
        const uint8_t *byte = (const uint8_t *) text;
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t length;
        uint32_t code;

        if (byte[0] < 0x80) {
                *ret = byte[0];
                return 1;
        }
        if (byte[0] >= 0xc2 && byte[0] < 0xe0) {
                length = 2;
                code = byte[0] & 0x1f;
        } else if ((byte[0] & 0xf0) == 0xe0) {
                length = 3;
                code = byte[0] & 0x0f;
        } else if (byte[0] >= 0xf0 && byte[0] < 0xf5) {
                length = 4;
                code = byte[0] & 0x07;
        } else
                return 0;

        for (size_t i = 1; i < length; i++) {
                if ((byte[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (byte[i] & 0x3f);
        }
        if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
                return 0;
        *ret = code;
        return length;
}

bool text_is_control(uint32_t code)
{
        return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
               (code >= 0x202a && code <= 0x202e) || /* LRE, RLE, PDF, LRO, RLO */
               (code >= 0x2066 && code <= 0x2069);   /* LRI, RLI, FSI, PDI */
}

bool text_is_local_url(const char *url)
{
        assert(url);
        return url[0] == '/' || strncmp(url, "file://", strlen("file://")) == 0;
}

bool text_is_lines(const char *text)
{
        assert(text);

        for (; *text; text++)
                if ((*text < ' ' || *text > '~') && !strchr("\t\r\n", *text))
                        return false;
        return true;
}

bool text_is_http_target(const char *text)
{
        size_t length;

        assert(text);

        for (length = 0; text[length] != '\0'; length++)
                if (length == HTTP_TARGET_MAX || text[length] <= ' ' || text[length] > '~' ||
                    text[length] == '#')
                        return false;
        return text[0] == '/';
}

/* Whether the only control characters of valid UTF-8 are those of `allowed`. */
static bool is_clean_but_for(const char *text, const char *allowed)
{
        while (*text) {
                uint32_t code = 0;
                size_t length = character_at(text, &code);

                if (length == 0 || (text_is_control(code) && !(code < 0x80 && strchr(allowed, (int) code))))
                        return false;
                text += length;
        }
        return true;
}

bool text_is_clean(const char *text, bool allow_tab)
{
        assert(text);
        return is_clean_but_for(text, allow_tab ? "\t" : "");
}

bool text_has_clean_lines(const char *text)
{
        assert(text);
        return is_clean_but_for(text, "\t\n");
}

/* Bytes of the escape sequence that begins at `text`, with ESC; 1 for an ESC that begins none. */
static size_t escape_at(const char *text)
{
        size_t n = 1;

        if (text[1] == '[') { /* parameters, then a final byte */
                for (n = 2; text[n] >= 0x20 && text[n] < 0x40; n++)
                        ;
                return text[n] >= 0x40 && text[n] < 0x7f ? n + 1 : n;
        }
        if (text[1] == ']') { /* a string, which BEL or ESC \ ends */
                for (n = 2; text[n] && text[n] != '\a' && text[n] != '\033'; n++)
                        ;
                return text[n] == '\a' ? n + 1 : text[n] == '\033' && text[n + 1] == '\\' ? n + 2 : n;
        }
        while (text[n] >= 0x20 && text[n] < 0x30)
                n++;
        return text[n] >= 0x30 && text[n] < 0x7f ? n + 1 : n;
}

void text_strip_escapes(char *text)
{
        char *end = text;

        assert(text);

        while (*text)
                if (*text == '\033')
                        text += escape_at(text);
                else
                        *end++ = *text++;
        *end = '\0';
}

char *text_sanitize(const char *text, size_t max)
{
        static const char ellipsis[] = "…";
        size_t used = 0, fits = 0;
        char *clean;

        assert(text);
        assert(max >= sizeof(ellipsis));

        while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
                text++;

        clean = malloc(max + sizeof(ellipsis));
        if (!clean)
                return NULL;

        while (*text) {
                uint32_t code = 0;
                size_t length = character_at(text, &code), taken = length ? length : 1;

                if (used + taken > max) {
                        memcpy(clean + fits, ellipsis, sizeof(ellipsis));
                        return clean;
                }
                if (length == 0)
                        clean[used++] = '?';
                else if (text_is_control(code))
                        clean[used++] = code == '\t' || code == '\n' ? ' ' : '?';
                else {
                        memcpy(clean + used, text, length);
                        used += length;
                }
                if (used + sizeof(ellipsis) - 1 <= max)
                        fits = used;
                text += taken;
        }
        while (used > 0 && clean[used - 1] == ' ')
                used--;
        clean[used] = '\0';
        return clean;
}

char *text_format(const char *format, ...)
{
        va_list arguments;
        char *text;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        return r < 0 ? NULL : text;
}

char *text_join(const char *const *words, const char *separator)
{
        char *text = strdup("");

        assert(words);
        assert(separator);

        for (; text && *words; words++) {
                _cleanup_free_ char *before = text;

                text = text_format("%s%s%s", before, before[0] ? separator : "", *words);
        }
        return text;
}

char **text_free_list(char **list)
{
        for (char **text = list; text && *text; text++)
                free(*text);
        free(list);
        return NULL;
}

int text_replace(char **target, const char *value)
{
        char *copy = NULL;

        assert(target);

        if (value) {
                copy = strdup(value);
                if (!copy)
                        return -ENOMEM;
        }
        free(*target);
        *target = copy;
        return 0;
}

int text_to_u64(const char *text, uint64_t max, uint64_t *ret)
{
        uint64_t number = 0;

        assert(text);
        assert(ret);

        if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
                return -EINVAL;
        for (; *text; text++) {
                if (*text < '0' || *text > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(number, (uint64_t) 10, &number) ||
                    __builtin_add_overflow(number, (uint64_t) (*text - '0'), &number))
                        return -ERANGE;
        }
        if (number > max)
                return -ERANGE;
        *ret = number;
        return 0;
}

const char *text_size(uint64_t size, SizeText buffer)
{
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double) size / 1024;
        size_t unit = 0;

        if (size < 1024) {
                (void) snprintf(buffer, sizeof(SizeText), "%" PRIu64 " bytes", size);
                return buffer;
        }
        for (; value >= 1024 && unit + 1 < ELEMENTSOF(units); unit++)
                value /= 1024;
        (void) snprintf(buffer, sizeof(SizeText), "%.1f %s", value, units[unit]);
        return buffer;
}

static int hex_digit(char digit)
{
        const char *digits = "0123456789abcdef";
        const char *at = digit ? strchr(digits, tolower((unsigned char) digit)) : NULL;

        return at ? (int) (at - digits) : -1;
}

char *text_percent_decode(const char *text, size_t size)
{
        char *decoded = malloc(size + 1), *end = decoded;

        assert(text);

        if (!decoded)
                return NULL;
        for (size_t i = 0; i < size; i++) {
                int high = text[i] == '%' && i + 2 < size ? hex_digit(text[i + 1]) : -1;
                int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

                if (low >= 0)
                        i += 2;
                *end++ = low >= 0 ? (char) (high << 4 | low) : text[i];
        }
        *end = '\0';
        return decoded;
}

size_t text_mark_size(const char *text, size_t size)
{
        static const char mark[] = "\xef\xbb\xbf";

        assert(text || size == 0);

        return size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}
