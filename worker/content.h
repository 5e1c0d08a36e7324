/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * content.h - what a disk or a partition holds, by its first bytes
 *
 * A guess from signatures, made before anything is parsed; it decides which
 * reader is tried, and gives the others a name in the answer.
 */

#ifndef VW_CONTENT_H
#define VW_CONTENT_H

#include "bytes.h"

/* Every content: constant, name in JSON. */
#define VW_CONTENTS(X)                                                       \
    X(UNKNOWN, "unknown")                                                    \
    X(EMPTY, "empty")                                                        \
    X(NTFS, "ntfs")                                                          \
    X(FAT, "fat")                                                            \
    X(ISO9660, "iso9660")                                                    \
    X(EXFAT, "exfat")                                                        \
    X(REFS, "refs")                                                          \
    X(BITLOCKER, "bitlocker")                                                \
    X(LUKS, "luks")                                                          \
    X(EXT, "ext")                                                            \
    X(XFS, "xfs")                                                            \
    X(BTRFS, "btrfs")                                                        \
    X(LVM, "lvm")                                                            \
    X(SWAP, "swap")

enum vw_content {
#define VW_CONTENT(constant, name) VW_CONTENT_##constant,
    VW_CONTENTS(VW_CONTENT)
#undef VW_CONTENT
};

/* Tell what @bytes hold.  VW_CONTENT_EMPTY means that every place looked at
 * (the first 68 KiB, 4 KiB at 1 MiB, the last 4 KiB) holds zeros alone.
 * Fails only where reading does.
 */
int vw_content_probe(const struct vw_bytes *bytes,
                     enum vw_content *ret_content, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The name of @content as answers carry it; never NULL. */
const char *vw_content_name(enum vw_content content);

#endif /* VW_CONTENT_H */
