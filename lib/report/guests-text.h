/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * guests-text.h - the guest tables for people, at most 80 columns wide
 *
 * A list has a line a row; a single row is given in full, with its sources
 * and what their tags stand for.
 */

#ifndef VT_GUESTS_TEXT_H
#define VT_GUESTS_TEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "guest/tables.h"

/* Every edition of every system, by release. */
void vt_guests_text_systems(struct vt_buf *out);

/* The @count editions at @rows, all of one release, and its rules. */
void vt_guests_text_system(struct vt_buf *out, const struct vt_system *rows,
                           size_t count);

void vt_guests_text_hals(struct vt_buf *out);
void vt_guests_text_hal(struct vt_buf *out, const struct vt_hal *hal);

void vt_guests_text_apps(struct vt_buf *out);
void vt_guests_text_app(struct vt_buf *out, const struct vt_app *app);

/* The tags of sources, and what they stand for. */
void vt_guests_text_sources(struct vt_buf *out);

#endif /* VT_GUESTS_TEXT_H */
