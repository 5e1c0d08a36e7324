/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-nbd.c - whatever an NBD server says, it is understood or refused; a
 * disk that it offers has a size, and reading it ends
 */

#include <sys/socket.h>
#include <unistd.h>

#include "blocks.h"
#include "fuzz.h"

#define READS_MAX 16u

static void
read_some(struct vt_nbd *nbd)
{
    static uint8_t data[VT_NBD_BLOCK_MAX];
    struct vw_bytes bytes = vw_nbd_bytes(nbd);

    if (bytes.size > INT64_MAX || nbd->largest < VT_NBD_BLOCK_MAX)
        abort();
    for (unsigned i = 0; i < READS_MAX; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        size_t size = i % 2 == 0 ? 8 : sizeof(data);

        if (vw_bytes_read(&bytes, i * 16u, data, size, &err) < 0) {
            fuzz_check_failure(&err);
            return;
        }
    }
    vt_nbd_leave(nbd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_nbd nbd;
    int ends[2];

    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return 0;
    if (write(ends[1], data, size) != (ssize_t)size
        || shutdown(ends[1], SHUT_WR) < 0)
        abort();
    if (vt_nbd_open(ends[0], "export", &nbd, &err) == 0)
        read_some(&nbd);
    else
        fuzz_check_failure(&err);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}
