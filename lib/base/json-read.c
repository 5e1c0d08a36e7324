/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * json-read.c - read JSON as a stream, in place (see json-read.h)
 *
 * The text is ended by a zero byte of our own, which is no JSON character:
 * so every scan stops at the end without comparing pointers.
 */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/json-read.h"
#include "base/utf8.h"

#define IS_DIGIT(c) ((unsigned)((c) - '0') < 10u)

static int
syntax_error(const struct vt_json_reader *reader, const char *what,
             struct vtopo_error *err)
{
    if (reader->at >= reader->end)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "not JSON: %s expected, but the text ends", what);
    return vt_fail(err, VTOPO_BAD_INPUT, "not JSON: %s expected at byte %zu",
                   what, (size_t)(reader->at - reader->text));
}

static int
wrong_type(const struct vt_json_reader *reader, const char *what,
           const char *expected, struct vtopo_error *err)
{
    if (reader->at >= reader->end)
        return syntax_error(reader, "a value", err);
    return vt_fail(err, VTOPO_BAD_INPUT, "'%s' must be %s", what, expected);
}

static inline void
skip_blanks(struct vt_json_reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\t'
           || *reader->at == '\n' || *reader->at == '\r')
        reader->at++;
}

void
vt_json_reader_start(struct vt_json_reader *reader, char *text, size_t length)
{
    text[length] = '\0';
    *reader = (struct vt_json_reader) {
        .text = text, .at = text, .end = text + length, .first = true,
    };
}

char
vt_json_peek(struct vt_json_reader *reader)
{
    skip_blanks(reader);
    return *reader->at;
}

int
vt_json_enter(struct vt_json_reader *reader, char bracket,
              struct vtopo_error *err)
{
    if (vt_json_peek(reader) != bracket)
        return syntax_error(reader,
                            bracket == '{' ? "an object" : "an array", err);
    if (reader->depth == VT_JSON_DEPTH_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "JSON is nested deeper than %u levels",
                       VT_JSON_DEPTH_MAX);
    reader->at++;
    reader->depth++;
    reader->first = true;
    return 0;
}

/* Go past the comma, if one is due.  *ret_more is false at @bracket. */
static int
next_item(struct vt_json_reader *reader, char bracket, bool *ret_more,
          struct vtopo_error *err)
{
    char c = vt_json_peek(reader);

    if (c == bracket) {
        reader->at++;
        reader->depth--;
        reader->first = false;
        *ret_more = false;
        return 0;
    }
    if (!reader->first) {
        if (c != ',')
            return syntax_error(reader, bracket == '}' ? "',' or '}'"
                                                       : "',' or ']'", err);
        reader->at++;
        if (vt_json_peek(reader) == bracket)
            return syntax_error(reader, "a value after ','", err);
    }
    reader->first = false;
    *ret_more = true;
    return 0;
}

static int
read_hex4(struct vt_json_reader *reader, unsigned *ret_code)
{
    unsigned code = 0;

    for (unsigned i = 0; i < 4; i++) {
        char c = reader->at[i];

        if (!isxdigit((unsigned char)c))
            return -1;
        code = code * 16 + (IS_DIGIT(c) ? (unsigned)(c - '0')
                                        : (unsigned)(c | 0x20) - 'a' + 10);
    }
    reader->at += 4;
    *ret_code = code;
    return 0;
}

/* Read what follows "\u", with its second half where it is a pair. */
static int
read_code_point(struct vt_json_reader *reader, unsigned *ret_code)
{
    unsigned high;
    unsigned low;

    if (read_hex4(reader, &high) < 0 || high == 0)
        return -1;
    if (high < 0xd800 || high > 0xdfff) {
        *ret_code = high;
        return 0;
    }
    if (high > 0xdbff || reader->at[0] != '\\' || reader->at[1] != 'u')
        return -1;
    reader->at += 2;
    if (read_hex4(reader, &low) < 0 || low < 0xdc00 || low > 0xdfff)
        return -1;
    *ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 0;
}

/* Read one escape; @to never overtakes the reader, for every escape is at
 * least as long as what it stands for.
 */
static int
read_escape(struct vt_json_reader *reader, char **to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    char c = reader->at[1];
    const char *name = c != '\0' ? strchr(names, c) : NULL;
    unsigned code;

    reader->at += 2;
    if (name != NULL) {
        *(*to)++ = values[name - names];
        return 0;
    }
    if (c != 'u' || read_code_point(reader, &code) < 0) {
        reader->at -= reader->at >= reader->end ? 1 : 0;
        return -1;
    }
    *to += vt_utf8_put(*to, code);
    return 0;
}

static int
read_quoted(struct vt_json_reader *reader, const char **ret_text,
            struct vtopo_error *err)
{
    char *start = reader->at + 1;
    char *to = start;

    /* Up to the first escape there is nothing to move. */
    while ((unsigned char)*to >= 0x20 && *to != '"' && *to != '\\')
        to++;
    reader->at = to;
    for (;;) {
        unsigned char c = (unsigned char)*reader->at;

        if (c == '"')
            break;
        if (c < 0x20)
            return syntax_error(reader, "the end of a string", err);
        if (c == '\\') {
            if (read_escape(reader, &to) < 0)
                return syntax_error(reader, "a valid escape", err);
        } else {
            *to++ = *reader->at++;
        }
    }
    reader->at++;
    *to = '\0';
    *ret_text = start;
    return 0;
}

int
vt_json_next_key(struct vt_json_reader *reader, const char **ret_key,
                 struct vtopo_error *err)
{
    const char *key;
    bool more;

    if (next_item(reader, '}', &more, err) < 0)
        return -1;
    if (!more) {
        *ret_key = NULL;
        return 0;
    }
    if (vt_json_peek(reader) != '"')
        return syntax_error(reader, "a key in quotes", err);
    if (read_quoted(reader, &key, err) < 0)
        return -1;
    if (vt_json_peek(reader) != ':')
        return syntax_error(reader, "':'", err);
    reader->at++;
    *ret_key = key;
    return 0;
}

int
vt_json_next_element(struct vt_json_reader *reader, bool *ret_more,
                     struct vtopo_error *err)
{
    return next_item(reader, ']', ret_more, err);
}

int
vt_json_read_object(struct vt_json_reader *reader, vt_json_member_fn read,
                    void *to, struct vtopo_error *err)
{
    const char *key;

    if (vt_json_enter(reader, '{', err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_key(reader, &key, err) < 0)
            return -1;
        if (key == NULL)
            return 0;
        if (read(reader, key, to, err) < 0)
            return -1;
    }
}

int
vt_json_read_array(struct vt_json_reader *reader, vt_json_element_fn read,
                   void *to, struct vtopo_error *err)
{
    bool more;

    if (vt_json_enter(reader, '[', err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_element(reader, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if (read(reader, to, err) < 0)
            return -1;
    }
}

int
vt_json_read_string(struct vt_json_reader *reader, const char *what,
                    const char **ret_text, struct vtopo_error *err)
{
    if (vt_json_peek(reader) != '"')
        return wrong_type(reader, what, "a string", err);
    return read_quoted(reader, ret_text, err);
}

static bool
read_word(struct vt_json_reader *reader, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(reader);
    if (strncmp(reader->at, word, length) != 0
        || isalnum((unsigned char)reader->at[length]))
        return false;
    reader->at += length;
    return true;
}

int
vt_json_read_bool(struct vt_json_reader *reader, const char *what,
                  bool *ret_value, struct vtopo_error *err)
{
    if (read_word(reader, "true"))
        *ret_value = true;
    else if (read_word(reader, "false"))
        *ret_value = false;
    else
        return wrong_type(reader, what, "true or false", err);
    return 0;
}

bool
vt_json_read_null(struct vt_json_reader *reader)
{
    return read_word(reader, "null");
}

/* Go past digits; false where there is none. */
static bool
skip_digits(char **at)
{
    if (!IS_DIGIT(**at))
        return false;
    while (IS_DIGIT(**at))
        (*at)++;
    return true;
}

/* Find the end of the number at the reader, by the grammar of RFC 8259. */
static char *
number_end(const struct vt_json_reader *reader)
{
    char *at = reader->at;

    if (*at == '-')
        at++;
    if (*at == '0')
        at++;
    else if (!skip_digits(&at))
        return NULL;
    if (*at == '.') {
        at++;
        if (!skip_digits(&at))
            return NULL;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        if (*at == '+' || *at == '-')
            at++;
        if (!skip_digits(&at))
            return NULL;
    }
    return IS_DIGIT(*at) ? NULL : at;
}

int
vt_json_read_number_text(struct vt_json_reader *reader, const char *what,
                         char *ret_text, size_t size, struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    size_t length;
    char *end;

    if (first != '-' && !IS_DIGIT(first))
        return wrong_type(reader, what, "a number", err);
    end = number_end(reader);
    if (end == NULL)
        return syntax_error(reader, "a number", err);
    length = (size_t)(end - reader->at);
    if (length >= size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' is a number of more than %zu digits",
                       what, size - 1);
    memcpy(ret_text, reader->at, length);
    ret_text[length] = '\0';
    reader->at = end;
    return 0;
}

int
vt_json_read_uint(struct vt_json_reader *reader, const char *what,
                  unsigned min, unsigned max,
                  unsigned *ret_value, struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    uint64_t value = 0;
    char *end;

    if (first != '-' && !IS_DIGIT(first))
        return wrong_type(reader, what, "a whole number", err);
    end = number_end(reader);
    if (end == NULL)
        return syntax_error(reader, "a number", err);
    for (const char *at = reader->at; at < end; at++) {
        if (!IS_DIGIT(*at) || value > UINT32_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "'%s' must be a whole number between %u and %u, "
                           "not %.*s", what, min, max,
                           (int)(end - reader->at < 32 ? end - reader->at : 32),
                           reader->at);
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (value < min || value > max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' must be a whole number between %u and %u, "
                       "not %llu", what, min, max, (unsigned long long)value);
    reader->at = end;
    *ret_value = (unsigned)value;
    return 0;
}

/* Go past a string and leave it as it is, so that it can be read later. */
static int
skip_quoted(struct vt_json_reader *reader, struct vtopo_error *err)
{
    for (reader->at++; *reader->at != '"'; reader->at++) {
        if ((unsigned char)*reader->at < 0x20)
            return syntax_error(reader, "the end of a string", err);
        if (*reader->at == '\\')
            reader->at++;
        if (*reader->at == '\0')
            return syntax_error(reader, "the end of a string", err);
    }
    reader->at++;
    return 0;
}

static int
skip_scalar(struct vt_json_reader *reader, struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    char *end;

    if (first == '"')
        return skip_quoted(reader, err);
    if (read_word(reader, "true") || read_word(reader, "false")
        || read_word(reader, "null"))
        return 0;
    end = first == '-' || IS_DIGIT(first) ? number_end(reader) : NULL;
    if (end == NULL)
        return syntax_error(reader, "a value", err);
    reader->at = end;
    return 0;
}

/* Read past the key and the colon of a member. */
static int
skip_key(struct vt_json_reader *reader, struct vtopo_error *err)
{
    if (vt_json_peek(reader) != '"')
        return syntax_error(reader, "a key in quotes", err);
    if (skip_quoted(reader, err) < 0)
        return -1;
    if (vt_json_peek(reader) != ':')
        return syntax_error(reader, "':'", err);
    reader->at++;
    return 0;
}

/* Recursion ends at VT_JSON_DEPTH_MAX, which vt_json_enter() holds. */
int
vt_json_skip(struct vt_json_reader *reader, struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    char last = first == '{' ? '}' : ']';
    bool more = false;

    if (first != '{' && first != '[')
        return skip_scalar(reader, err);
    if (vt_json_enter(reader, first, err) < 0)
        return -1;
    for (;;) {
        if (next_item(reader, last, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if ((first == '{' && skip_key(reader, err) < 0)
            || vt_json_skip(reader, err) < 0)
            return -1;
    }
}

int
vt_json_finish(struct vt_json_reader *reader, struct vtopo_error *err)
{
    (void)vt_json_peek(reader);
    if (reader->at < reader->end)
        return syntax_error(reader, "the end of the text", err);
    return 0;
}
