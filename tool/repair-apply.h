/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * repair-apply.h - carry out what the worker proposes, or take it back
 */

#ifndef VT_REPAIR_APPLY_H
#define VT_REPAIR_APPLY_H

#include "image/image.h"
#include "image/media.h"
#include "image/proposal.h"

/* What is asked of the worker, as members of its question. */
struct repair_ask {
    struct vt_image_options options;
    struct vt_buf members;
    struct vt_media media;
};

/* Ask the worker what it would change on @image. */
int repair_propose(const struct repair_ask *ask, struct vt_image *image,
                   struct vt_proposal *ret_proposal, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Make a new qcow2 @overlay over @image with the changes in it.  Whole or not
 * at all: @overlay gets its name when it is complete and was looked at again.
 */
int repair_overlay(const struct repair_ask *ask, struct vt_image *image,
                   struct vt_proposal *proposal, const char *overlay,
                   struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Change @image itself, with an undo file beside it. */
int repair_in_place(const struct repair_ask *ask, struct vt_image *image,
                    struct vt_proposal *proposal, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Take back what the undo file beside the image @name holds. */
int repair_undo(const struct vt_image_options *options, const char *name,
                struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_REPAIR_APPLY_H */
