/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * json-read.h - read JSON as a stream, in place
 *
 * The caller asks for what it expects next; no tree is built and nothing is
 * allocated.  Strings are unescaped inside the text itself, so the text is
 * changed while it is read, and what is returned lives as long as the text.
 *
 *   vt_json_reader_start(&r, text, length);
 *   vt_json_enter(&r, '{', err);
 *   while (vt_json_next_key(&r, &key, err) == 0 && key != NULL)
 *       ...one read for the value of key...
 *   vt_json_finish(&r, err);
 *
 * or, as most do, leaves the walk to vt_json_read_object.
 *
 * Accepts RFC 8259, less texts that hold a zero character.  Every failure is
 * VTOPO_BAD_INPUT and says where.
 */

#ifndef VT_JSON_READ_H
#define VT_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "vtopo.h"

/* Nesting deeper than this is refused. */
#define VT_JSON_DEPTH_MAX 32u

struct vt_json_reader {
    char *text;                 /* borrowed */
    char *at;
    char *end;
    unsigned depth;
    bool first;                 /* nothing read yet inside this bracket */
};

/* Read @length bytes at @text; text[length] must exist and is overwritten. */
void vt_json_reader_start(struct vt_json_reader *reader,
                          char *text, size_t length);

/* The first character of the next value: one of { [ " t f n, a minus or a
 * digit; 0 at the end of the text.
 */
char vt_json_peek(struct vt_json_reader *reader);

/* Go into an object ('{') or array ('['). */
int vt_json_enter(struct vt_json_reader *reader, char bracket,
                  struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The next key of the object, NULL at its end (which is then left). */
int vt_json_next_key(struct vt_json_reader *reader, const char **ret_key,
                     struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Whether another element follows; at the end the array is left. */
int vt_json_next_element(struct vt_json_reader *reader, bool *ret_more,
                         struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Reads the value of @key, all of it, into @to. */
typedef int (*vt_json_member_fn)(struct vt_json_reader *reader,
                                 const char *key, void *to,
                                 struct vtopo_error *err);

/* Read an object with one call of @read for each member. */
int vt_json_read_object(struct vt_json_reader *reader,
                        vt_json_member_fn read, void *to,
                        struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Reads one element, all of it, into @to. */
typedef int (*vt_json_element_fn)(struct vt_json_reader *reader, void *to,
                                  struct vtopo_error *err);

/* Read an array with one call of @read for each element. */
int vt_json_read_array(struct vt_json_reader *reader,
                       vt_json_element_fn read, void *to,
                       struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Scalars.  @what names the value in messages. */
int vt_json_read_string(struct vt_json_reader *reader, const char *what,
                        const char **ret_text, struct vtopo_error *err)
    __attribute__((warn_unused_result));
int vt_json_read_bool(struct vt_json_reader *reader, const char *what,
                      bool *ret_value, struct vtopo_error *err)
    __attribute__((warn_unused_result));
int vt_json_read_uint(struct vt_json_reader *reader, const char *what,
                      unsigned min, unsigned max,
                      unsigned *ret_value, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The text of a number as it stands, such as "-1.5e3", or of a string. */
int vt_json_read_number_text(struct vt_json_reader *reader, const char *what,
                             char *ret_text, size_t size,
                             struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Read past a null; false, with nothing read, where there is none. */
bool vt_json_read_null(struct vt_json_reader *reader);

/* Read past one value of any kind.  The text stays as it is: a copy of the
 * reader from before can still read the value.
 */
int vt_json_skip(struct vt_json_reader *reader, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Fails when anything but blanks is left. */
int vt_json_finish(struct vt_json_reader *reader, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_JSON_READ_H */
