/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * nbd.h - a disk behind a server of the Network Block Device protocol
 *
 * A client that asks for the size and the bytes of one export and for nothing
 * else: no TLS, no structured replies, one request at a time.  Names and
 * numbers are those of the protocol's specification (doc/proto.md of the NBD
 * project).  The server may be hostile: what it says is bounded and checked.
 */

#ifndef VW_NBD_H
#define VW_NBD_H

#include "bytes.h"

/* Limits.  What a server says of itself before its disk can be read, the
 * longest name of an export (the protocol's own is 4,096 bytes), and the
 * largest smallest read: VW_BLOCK_SIZE, since that is what is asked for.
 */
#define VW_NBD_REPLIES_MAX 64u
#define VW_NBD_NAME_MAX    4096u
#define VW_NBD_BLOCK_MAX   8192u

struct vw_nbd {
    int socket;                 /* borrowed */
    uint64_t size;              /* of the disk, in bytes */
    uint32_t largest;           /* read that the server takes, in bytes */
    uint64_t requests;          /* the handle of the last one */
};

/* Shake hands with the server at the other end of the connected @socket,
 * which has said nothing yet.  The export "" is the default one.  @socket
 * stays the caller's and must outlive @ret_nbd.
 *
 * Fails with VTOPO_BAD_INPUT when the server speaks another language,
 * VTOPO_IMPOSSIBLE when it refuses (TLS required, unknown export), and
 * VTOPO_SYSTEM when the connection breaks.
 */
int vw_nbd_open(int socket, const char *export_name, struct vw_nbd *ret_nbd,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The disk; @nbd must outlive it. */
struct vw_bytes vw_nbd_bytes(struct vw_nbd *nbd)
    __attribute__((nonnull));

/* Tell the server that nothing more will be asked. */
void vw_nbd_leave(struct vw_nbd *nbd)
    __attribute__((nonnull));

#endif /* VW_NBD_H */
