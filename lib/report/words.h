/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * words.h - phrases that several texts for people share
 */

#ifndef VT_WORDS_H
#define VT_WORDS_H

#include "base/buf.h"
#include "vtopo.h"

/* Texts for people are at most this wide. */
#define VT_WORDS_COLUMNS 79u

/* "2 sockets of 4 cores of 1 thread" */
void vt_words_shape(struct vt_buf *out, const struct vtopo_shape *shape);

/* Write @label and @text, broken at blanks, further lines indented below the
 * text; ends the line.
 */
void vt_words_wrap(struct vt_buf *out, const char *label, const char *text);

#endif /* VT_WORDS_H */
