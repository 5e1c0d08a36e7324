/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * undo.h - the way back from a repair
 *
 * A repair in place first writes what it will overwrite into a file beside the
 * image, and waits until that is on the medium.  From then on the image can
 * always be made the old one again, however far the repair came.  The file
 * says how far: a single byte of it changes, so that no crash leaves it half
 * changed.
 */

#ifndef VT_UNDO_H
#define VT_UNDO_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/nbd.h"
#include "vtopo.h"

/* Limits: blocks, and bytes of all of them. */
#define VT_UNDO_BLOCKS_MAX 65536u
#define VT_UNDO_BYTES_MAX  (256u << 20)

/* A piece of a disk, as it was and as it is to be, known by its CRC-32. */
struct vt_undo_block {
    uint64_t offset;
    uint32_t size;
    uint32_t new_crc;           /* of what is written there */
    uint32_t old_crc;           /* of what must be there, if has_old_crc */
    bool has_old_crc;
    unsigned char *old;         /* owned */
    unsigned char *new;         /* owned; NULL where only the sum is known */
};

enum vt_undo_state {
    VT_UNDO_UNSAVED = 0,        /* there is no file of it */
    VT_UNDO_PENDING = 'P',      /* the repair is not known to be complete */
    VT_UNDO_DONE = 'D',         /* the repair is complete */
    VT_UNDO_BACK = 'B',         /* it is being taken back */
};

struct vt_undo {
    uint64_t disk_size;
    enum vt_undo_state state;
    struct timespec changed;    /* the image, when the state was noted */
    struct vt_undo_block *blocks;       /* owned; by rising offset */
    size_t count;
    void (*tell)(size_t done, size_t all);      /* how far writing has come, or
                                                 * NULL */
};

#define VT_UNDO_INIT { .blocks = NULL, .count = 0 }

void vt_undo_clear(struct vt_undo *undo);

/* The name of the undo file of @image, beside the file that a symbolic link
 * leads to: the caller frees it.
 */
char *vt_undo_name(const char *image);

/* Fill in what is there now, from the disk behind @nbd, and cut the blocks into
 * sectors: one of those is old or new, whatever becomes of the power.  Fails
 * with VTOPO_IMPOSSIBLE where that is not what must be there.
 */
int vt_undo_read_old(struct vt_undo *undo, struct vt_nbd *nbd,
                     struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Write the file @name, and see it safe on the medium with its folder.  Fails
 * where there is one already.  After a failure it is not there, or not ours.
 */
int vt_undo_save(const struct vt_undo *undo, const char *name,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Note in the file how far it has come, and when the image was @changed by us
 * (NULL: leave that, it no longer counts), and see that safe.
 */
int vt_undo_note(const char *name, enum vt_undo_state state,
                 const struct timespec *changed, struct vtopo_error *err)
    __attribute__((nonnull(1, 4), warn_unused_result));

/* Remove it, so that it does not come back with the power. */
int vt_undo_remove(const char *name, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Read the file.  Fails with VTOPO_BAD_INPUT where it is not whole. */
int vt_undo_load(const char *name, struct vt_undo *ret_undo,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Only how far it has come: false where there is no such file.  One that is
 * not to be read counts as VT_UNDO_PENDING.
 */
bool vt_undo_look(const char *name, enum vt_undo_state *ret_state);

/* Write the new blocks, and see them safe on the medium. */
int vt_undo_apply(const struct vt_undo *undo, struct vt_nbd *nbd,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Before old blocks are written back: every one must be what one of the two
 * repairs left, the new one or, where the repair was interrupted, the old one.
 * Else somebody has written to the disk since: VTOPO_IMPOSSIBLE.
 */
int vt_undo_check(const struct vt_undo *undo, struct vt_nbd *nbd,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Write the old blocks, and see them safe.  Blocks are of both kinds then, so
 * the file must not say VT_UNDO_DONE when this begins.
 */
int vt_undo_revert(const struct vt_undo *undo, struct vt_nbd *nbd,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_UNDO_H */
