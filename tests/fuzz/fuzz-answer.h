/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-answer.h - read an answer in JSON back, member by member
 *
 * What we print must be JSON that we read ourselves: whatever cannot be read
 * here is a broken promise.
 */

#ifndef VT_FUZZ_ANSWER_H
#define VT_FUZZ_ANSWER_H

#include "base/buf.h"
#include "base/json-read.h"
#include "fuzz.h"

/* A count that may be null. */
struct fuzz_count {
    bool known;
    unsigned count;
};

static inline struct fuzz_count
fuzz_read_count(struct vt_json_reader *reader)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct fuzz_count count = { .known = !vt_json_read_null(reader) };

    if (count.known
        && vt_json_read_uint(reader, "count", 0, ~0u, &count.count, &err) < 0)
        abort();
    return count;
}

static inline bool
fuzz_read_flag(struct vt_json_reader *reader)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool flag = false;

    if (vt_json_read_bool(reader, "flag", &flag, &err) < 0)
        abort();
    return flag;
}

static inline void
fuzz_skip(struct vt_json_reader *reader)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vt_json_skip(reader, &err) < 0)
        abort();
}

static inline void
fuzz_enter(struct vt_json_reader *reader, char bracket)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vt_json_enter(reader, bracket, &err) < 0)
        abort();
}

/* NULL at the end of the object. */
static inline const char *
fuzz_next_key(struct vt_json_reader *reader)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *key = NULL;

    if (vt_json_next_key(reader, &key, &err) < 0)
        abort();
    return key;
}

static inline bool
fuzz_next_element(struct vt_json_reader *reader)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool more = false;

    if (vt_json_next_element(reader, &more, &err) < 0)
        abort();
    return more;
}

/* Read @answer with @read, which reads one value; nothing may be left, and
 * it is one line.
 */
static inline void
fuzz_read_answer(const struct vt_buf *answer,
                 void (*read)(struct vt_json_reader *reader))
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = fuzz_text((const uint8_t *)answer->data,
                                       answer->length);
    struct vt_json_reader reader;

    if (answer->failed || memchr(text, '\n', answer->length) != NULL)
        abort();
    vt_json_reader_start(&reader, text, answer->length);
    read(&reader);
    if (vt_json_finish(&reader, &err) < 0)
        abort();
}

#endif /* VT_FUZZ_ANSWER_H */
