/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * blocks-nbd.c - a disk behind an NBD server (see blocks.h)
 *
 * The only file that knows libnbd.  The library is given a connected socket:
 * its other ways to connect resolve names or start programs.  Nothing is
 * asked of the server but its size and its bytes.
 */

#include <inttypes.h>
#include <unistd.h>

#include <libnbd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"

struct vw_nbd {
    struct nbd_handle *handle;
    uint64_t size;
};

static int
fail_nbd(struct vtopo_error *err, const char *doing)
{
    const char *why = nbd_get_error();

    return vt_fail(err, VTOPO_SYSTEM, "%s: %s", doing,
                   why != NULL ? why : "the NBD library does not say why");
}

static int
read_nbd(void *context, uint64_t offset, void *buffer, size_t size,
         struct vtopo_error *err)
{
    struct vw_nbd *nbd = context;

    if (nbd_pread(nbd->handle, buffer, size, offset, 0) < 0)
        return fail_nbd(err, "cannot read from the NBD server");
    return 0;
}

/* Negotiate over @socket, which from here on belongs to the handle. */
static int
shake_hands(struct vw_nbd *nbd, int socket, const char *export_name,
            struct vtopo_error *err)
{
    int64_t size;

    if (nbd_set_debug(nbd->handle, false) < 0
        || nbd_set_tls(nbd->handle, LIBNBD_TLS_DISABLE) < 0
        || nbd_set_export_name(nbd->handle, export_name) < 0) {
        (void)close(socket);
        return fail_nbd(err, "cannot prepare an NBD connection");
    }
    if (nbd_connect_socket(nbd->handle, socket) < 0)
        return fail_nbd(err, "cannot connect to the NBD server");
    size = nbd_get_size(nbd->handle);
    if (size < 0)
        return fail_nbd(err, "cannot tell the size of the disk");
    nbd->size = (uint64_t)size;
    return 0;
}

int
vw_nbd_open(int socket, const char *export_name, struct vw_nbd **ret_nbd,
            struct vtopo_error *err)
{
    vt_auto(vw_nbd_closep) struct vw_nbd *nbd = calloc(1, sizeof(*nbd));

    if (nbd == NULL) {
        (void)close(socket);
        return vt_fail_memory(err);
    }
    nbd->handle = nbd_create();
    if (nbd->handle == NULL) {
        (void)close(socket);
        return fail_nbd(err, "cannot prepare an NBD connection");
    }
    if (shake_hands(nbd, socket, export_name, err) < 0)
        return -1;
    *ret_nbd = vt_steal(&nbd);
    return 0;
}

struct vw_bytes
vw_nbd_bytes(struct vw_nbd *nbd)
{
    return (struct vw_bytes) {
        .size = nbd->size,
        .read = read_nbd,
        .context = nbd,
    };
}

void
vw_nbd_close(struct vw_nbd *nbd)
{
    if (nbd == NULL)
        return;
    nbd_close(nbd->handle);
    free(nbd);
}
