/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lock.c - is somebody writing to this image?
 *
 * QEMU says what it does with a file by locks on single bytes: the bytes from
 * 100 stand for what it does, in the order of its block permissions
 * (block/file-posix.c and block/block-common.h of QEMU): 100 reads
 * consistently, 101 writes, 102 writes the same contents, 103 resizes.  To ask
 * for the lock is enough, it is not taken.
 */

#include <fcntl.h>

#include "image/internal.h"

#define FIRST_WRITING 101
#define WRITING_COUNT 3

bool
vt_lock_is_written(int fd)
{
    struct flock lock = {
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = FIRST_WRITING,
        .l_len = WRITING_COUNT,
    };

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
