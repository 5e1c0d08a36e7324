/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * volume-put.c - put files into a volume as the worker would, for tests
 *
 *   volume-put IMAGE OFFSET [PATH LIKE FILE]...
 *
 * The volume begins at byte OFFSET of IMAGE.  Each PATH there gets the bytes
 * of FILE, and, when it is new, the protection and the attributes of LIKE
 * beside it ("-": of none).  All is captured, listed as the worker proposes
 * it, and only then written to IMAGE; a failure leaves IMAGE as it was, and is
 * printed as "error CODE: MESSAGE".  What it cost goes to standard output, in
 * milliseconds of processor time.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "blocks.h"
#include "capture.h"
#include "volume.h"

#define FILE_MAX (64u << 20)

/* Writes that are listed before any of them is made. */
struct list {
    struct vt_buf data;         /* of all, one after the other */
    struct { uint64_t offset; size_t size; } write[VW_CAPTURE_MAX / 512];
    size_t count;
};

static void
keep_write(void *context, const struct vw_write *write)
{
    struct list *list = context;

    list->write[list->count].offset = write->offset;
    list->write[list->count++].size = write->size;
    vt_buf_add(&list->data, (const char *)write->data, write->size);
}

static int
put_files(struct vw_stretch *stretch, char **arguments,
          struct vtopo_error *err)
{
    struct vw_bytes bytes = vw_stretch_bytes(stretch);
    struct vw_sink sink = vw_stretch_sink(stretch);

    for (; *arguments != NULL; arguments += 3) {
        vt_auto(vt_buf_clear) struct vt_buf data = VT_BUF_INIT;
        const char *like = strcmp(arguments[1], "-") == 0 ? NULL
                                                          : arguments[1];

        if (vt_read_file(arguments[2], FILE_MAX, &data, err) < 0)
            return -1;
        /* An empty file may have no buffer. */
        if (!vt_buf_reserve(&data, 1))
            return vt_fail_memory(err);
        if (vw_volume_put(&bytes, &sink, arguments[0], like,
                          (const unsigned char *)data.data, data.length,
                          err) < 0)
            return -1;
    }
    return 0;
}

static double
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int
run(int fd, uint64_t offset, char **arguments, struct list *list,
    struct vtopo_error *err)
{
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks = NULL;
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    struct vw_stretch stretch = { .offset = offset };
    struct vw_bytes raw, cached;

    if (vw_raw_open(fd, &raw, err) < 0
        || vw_blocks_new(&raw, &blocks, err) < 0)
        return -1;
    cached = vw_blocks_bytes(blocks);
    if (vw_capture_new(&cached, 512, &capture, err) < 0)
        return -1;
    stretch.capture = capture;
    stretch.size = cached.size - offset;
    if (put_files(&stretch, arguments, err) < 0)
        return -1;
    return vw_capture_list(capture, keep_write, list, err);
}

static int
apply(int fd, const struct list *list)
{
    const char *from = list->data.data;

    for (size_t i = 0; i < list->count; i++) {
        if (pwrite(fd, from, list->write[i].size,
                   (off_t)list->write[i].offset)
            != (ssize_t)list->write[i].size)
            return -1;
        from += list->write[i].size;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    static struct list list = { .data = VT_BUF_INIT };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autoclose int fd = -1;
    double start;

    if (argc < 6 || argc % 3 != 0) {
        fputs("usage: volume-put IMAGE OFFSET [PATH LIKE FILE]...\n", stderr);
        return EXIT_FAILURE;
    }
    fd = open(argv[1], O_RDWR | O_CLOEXEC);
    start = now_ms();
    if (run(fd, strtoull(argv[2], NULL, 0), argv + 3, &list, &err) < 0) {
        fprintf(stderr, "error %s: %s\n", vtopo_code_name(err.code),
                err.message);
        return EXIT_FAILURE;
    }
    printf("writes=%zu bytes=%zu ms=%.1f\n", list.count, list.data.length,
           now_ms() - start);
    if (list.data.failed || apply(fd, &list) < 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    vt_buf_clear(&list.data);
    return EXIT_SUCCESS;
}
