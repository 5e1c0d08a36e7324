/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ntfs-base.h - a small NTFS volume that inputs of fuzzing change
 *
 * mkntfs makes it when the program starts, or NTFS_BASE names another.  An
 * input is a list of changes: three bytes say where, one what to put there.
 * Only blocks that hold something are counted, so every change meets metadata.
 */

#ifndef NTFS_BASE_H
#define NTFS_BASE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "bytes.h"
#include "fuzz.h"

#define BASE_SIZE   (2u << 20)
#define BLOCK       512u
#define BLOCKS      (BASE_SIZE / BLOCK)
#define PATCHES_MAX 64u

const char *__lsan_default_suppressions(void);

/* Asked by LeakSanitizer: the library forgets some of what it allocated when
 * a volume cannot be mounted.  Its callers are all in the target and in ntfs*.c,
 * whose leaks show in the other tests.
 */
const char *
__lsan_default_suppressions(void)
{
    return "leak:libntfs-3g\nleak:ntfs_malloc\nleak:ntfs_calloc\n";
}

static uint8_t base[BASE_SIZE];
static uint32_t used[BLOCKS];
static size_t used_count;

static void
load_base(const char *path)
{
    vt_autofile FILE *file = fopen(path, "rb");

    if (file == NULL || fread(base, 1, BASE_SIZE, file) != BASE_SIZE) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void
make_base(void)
{
    char path[] = "/tmp/fuzz-ntfs-XXXXXX";
    vt_autofree char *command = NULL;
    vt_autoclose int fd = mkstemp(path);

    if (fd < 0 || ftruncate(fd, BASE_SIZE) < 0
        || asprintf(&command, "PATH=$PATH:/usr/sbin:/sbin; command -v mkntfs "
                    ">/dev/null || exit 77; exec mkntfs -q -F -p 0 -s 512 "
                    "-H 16 -S 63 -c 512 %s >/dev/null 2>&1", path) < 0)
        abort();
    switch (WEXITSTATUS(system(command))) {
    case 0:
        load_base(path);
        (void)unlink(path);
        return;
    case 77:
        (void)unlink(path);
        puts("1..0 # SKIP mkntfs is missing");
        exit(EXIT_SUCCESS);
    default:
        (void)unlink(path);
        fputs("mkntfs makes no volume\n", stderr);
        exit(EXIT_FAILURE);
    }
}

/* Make the base, unless it is there; @fill may put something there first. */
static void
prepare(void (*fill)(uint8_t *base))
{
    static const uint8_t zeros[BLOCK];

    if (used_count > 0)
        return;
    if (getenv("NTFS_BASE") != NULL)
        load_base(getenv("NTFS_BASE"));
    else
        make_base();
    if (fill != NULL)
        fill(base);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const uint8_t *block = base + (size_t)i * BLOCK;
        bool same = i > 0 && memcmp(block, block - BLOCK, BLOCK) == 0;

        if (memcmp(block, zeros, BLOCK) != 0 && !same)
            used[used_count++] = i;
    }
}

/* Call @use for the base with the changes of an input, and take them back. */
static void
with_changes(const uint8_t *data, size_t size,
             void (*use)(const struct vw_bytes *bytes))
{
    struct { size_t at; uint8_t was; } undo[PATCHES_MAX];
    struct vw_memory memory = { base, BASE_SIZE };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    size_t count = 0;

    for (; size >= 4 && count < PATCHES_MAX; data += 4, size -= 4) {
        size_t where = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;

        where %= used_count * BLOCK;
        undo[count].at = (size_t)used[where / BLOCK] * BLOCK + where % BLOCK;
        undo[count].was = base[undo[count].at];
        base[undo[count].at] = data[3];
        count++;
    }
    use(&bytes);
    while (count-- > 0)
        base[undo[count].at] = undo[count].was;
}

#endif /* NTFS_BASE_H */
