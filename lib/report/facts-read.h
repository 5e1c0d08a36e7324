/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts-read.h - read what the worker says of an image
 *
 * The worker has looked at hostile bytes, so its answer is read as if it
 * were hostile too: types, counts and names are checked, and anything that
 * is not as it should be is one error.
 */

#ifndef VT_FACTS_READ_H
#define VT_FACTS_READ_H

#include "base/json-read.h"
#include "guest/facts.h"

/* Read the answer of @length bytes at @text, which is taken over: it is
 * changed, has a byte to spare at its end, and is released with the facts.
 * @ret_facts is about half a megabyte: keep it on the heap.
 */
int vt_facts_read_answer(char *text, size_t length,
                         struct vt_facts *ret_facts, struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vt_facts_clear(struct vt_facts *facts);

#endif /* VT_FACTS_READ_H */
