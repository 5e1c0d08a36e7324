/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * blocks-nbd.c - a disk behind an NBD server (see blocks.h)
 *
 * The only file that knows libnbd.  The library is given a connected socket:
 * its other ways to connect resolve names or start programs.  Nothing is
 * asked of the server but its size and its bytes.
 */

#include <dlfcn.h>
#include <inttypes.h>
#include <unistd.h>

#include <libnbd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "blocks.h"

#define LIBRARY "libnbd.so.0"

/* What is used of the library.  It is loaded only where a disk is behind NBD,
 * because it brings a TLS library and more, which cost 3 ms at every start.
 */
#define FUNCTIONS(X)                                                         \
    X(nbd_close)                                                             \
    X(nbd_connect_socket)                                                    \
    X(nbd_create)                                                            \
    X(nbd_get_error)                                                         \
    X(nbd_get_size)                                                          \
    X(nbd_pread)                                                             \
    X(nbd_set_debug)                                                         \
    X(nbd_set_export_name)                                                   \
    X(nbd_set_tls)

/* Filled once, by vw_nbd_load(). */
static struct {
    bool loaded;
#define MEMBER(function) __typeof__(function) *function;
    FUNCTIONS(MEMBER)
#undef MEMBER
} api;

int
vw_nbd_load(struct vtopo_error *err)
{
    void *library = api.loaded ? NULL : dlopen(LIBRARY, RTLD_NOW);

    if (api.loaded)
        return 0;
    if (library == NULL)
        return vt_fail(err, VTOPO_SYSTEM, "cannot load the NBD library: %s",
                       dlerror());
#define LOAD(function)                                                       \
    *(void **)(&api.function) = dlsym(library, #function);                   \
    if (api.function == NULL)                                                \
        return vt_fail(err, VTOPO_SYSTEM, "the NBD library has no "          \
                       #function);
    FUNCTIONS(LOAD)
#undef LOAD
    api.loaded = true;
    return 0;
}

struct vw_nbd {
    struct nbd_handle *handle;
    uint64_t size;
};

static int
fail_nbd(struct vtopo_error *err, const char *doing)
{
    const char *why = api.nbd_get_error();

    return vt_fail(err, VTOPO_SYSTEM, "%s: %s", doing,
                   why != NULL ? why : "the NBD library does not say why");
}

static int
read_nbd(void *context, uint64_t offset, void *buffer, size_t size,
         struct vtopo_error *err)
{
    struct vw_nbd *nbd = context;

    if (api.nbd_pread(nbd->handle, buffer, size, offset, 0) < 0)
        return fail_nbd(err, "cannot read from the NBD server");
    return 0;
}

/* Negotiate over @socket, which from here on belongs to the handle. */
static int
shake_hands(struct vw_nbd *nbd, int socket, const char *export_name,
            struct vtopo_error *err)
{
    int64_t size;

    if (api.nbd_set_debug(nbd->handle, false) < 0
        || api.nbd_set_tls(nbd->handle, LIBNBD_TLS_DISABLE) < 0
        || api.nbd_set_export_name(nbd->handle, export_name) < 0) {
        (void)close(socket);
        return fail_nbd(err, "cannot prepare an NBD connection");
    }
    if (api.nbd_connect_socket(nbd->handle, socket) < 0)
        return fail_nbd(err, "cannot connect to the NBD server");
    size = api.nbd_get_size(nbd->handle);
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
    if (vw_nbd_load(err) < 0) {
        (void)close(socket);
        return -1;
    }
    nbd->handle = api.nbd_create();
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
    if (nbd->handle != NULL)
        api.nbd_close(nbd->handle);
    free(nbd);
}
