/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nbd.h - a disk behind a server of the Network Block Device protocol
 *
 * A client that reads and writes one export and asks for nothing else: no TLS,
 * no structured replies, one request at a time.  Names and numbers are those
 * of the protocol's specification (doc/proto.md of the NBD project).  The
 * server may be hostile: what it says is bounded and checked.  The worker
 * reads disks with it, and the parent writes what is to be repaired.
 */

#ifndef VT_NBD_H
#define VT_NBD_H

#include <stdint.h>

#include "vtopo.h"

/* Limits.  What a server says of itself before its disk can be read, the
 * longest name of an export (the protocol's own is 4,096 bytes), and what the
 * server must take as the smallest and as the largest request, in bytes.
 */
#define VT_NBD_REPLIES_MAX 64u
#define VT_NBD_NAME_MAX    4096u
#define VT_NBD_BLOCK_MAX   8192u

struct vt_nbd {
    int socket;                 /* borrowed */
    uint64_t size;              /* of the disk, in bytes */
    uint32_t largest;           /* request that the server takes, in bytes */
    bool read_only;
    bool can_flush;
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
int vt_nbd_open(int socket, const char *export_name, struct vt_nbd *ret_nbd,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Read or write @size bytes at @offset, which lie inside the disk. */
int vt_nbd_read(struct vt_nbd *nbd, uint64_t offset, void *buffer,
                size_t size, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));
int vt_nbd_write(struct vt_nbd *nbd, uint64_t offset, const void *data,
                 size_t size, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Have everything that was written reach the medium.  Fails where the server
 * has no such command.
 */
int vt_nbd_flush(struct vt_nbd *nbd, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Tell the server that nothing more will be asked. */
void vt_nbd_leave(struct vt_nbd *nbd)
    __attribute__((nonnull));

#endif /* VT_NBD_H */
