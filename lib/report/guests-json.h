/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * guests-json.h - the guest tables as JSON
 *
 * Each function adds one object on one line, without a newline.  What is
 * unknown is null, what has no limit is "none", and a range is
 * {"least":2,"most":4}, its "most" null when only the least is known.
 * "sources" spells out the tags that the object's sources use.
 */

#ifndef VT_GUESTS_JSON_H
#define VT_GUESTS_JSON_H

#include <stddef.h>

#include "base/buf.h"
#include "guest/tables.h"

/* {"systems":[..],"generations":[..],"sources":{..}}: the @count rows at
 * @rows and the generations that they are built on.
 */
void vt_guests_json_systems(struct vt_buf *out, const struct vt_system *rows,
                            size_t count);

/* {"hals":[..],"sources":{..}} */
void vt_guests_json_hals(struct vt_buf *out, const struct vt_hal *hals,
                         size_t count);

/* {"apps":[..],"sources":{..}} */
void vt_guests_json_apps(struct vt_buf *out, const struct vt_app *apps,
                         size_t count);

/* {"sources":{..}}: all of them */
void vt_guests_json_sources(struct vt_buf *out);

#endif /* VT_GUESTS_JSON_H */
