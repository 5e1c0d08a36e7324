/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cabinet-dump.c - take a file out of a cabinet, as the worker would
 *
 *   cabinet-dump CABINET NAME [MAX]       a file of the cabinet
 *   cabinet-dump CABINET --expand [MAX]   what a file of setup media holds
 *   cabinet-dump --caged CABINET ...      in the cage, with its limits
 *
 * The bytes go to standard output; "no such file" is said on standard error,
 * with status 2.  For tests alone.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "blocks.h"
#include "cabinet.h"
#include "cage.h"

#define MAX_BYTES (64u << 20)

/* The cage ends processes that leak checkers would start. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

static int
open_caged(const char *path, bool caged, int *ret_fd, struct vw_bytes *bytes,
           struct vtopo_error *err)
{
    struct vw_cage_limits limits = VW_CAGE_LIMITS;
    struct vw_cage_state state;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", path);
    *ret_fd = fd;
    if (vw_raw_open(fd, bytes, err) < 0)
        return -1;
    return caged ? vw_cage_enter(&limits, &state, err) : 0;
}

static int
dump(const struct vw_bytes *bytes, const char *name, size_t max,
     bool *ret_found, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    size_t size = 0;
    bool found = true;
    int rc = strcmp(name, "--expand") == 0
             ? vw_expand(bytes, max, &data, &size, err)
             : vw_cabinet_extract(bytes, name, max, &data, &size, &found, err);

    if (rc < 0)
        return -1;
    *ret_found = found;
    return vt_write_all(STDOUT_FILENO, "standard output", data, size, err);
}

int
main(int argc, char **argv)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool caged = argc > 1 && strcmp(argv[1], "--caged") == 0;
    vt_autoclose int fd = -1;
    struct vw_bytes bytes;
    bool found = true;

    argc -= caged;
    argv += caged;
    if (argc < 3 || argc > 4) {
        fputs("usage: cabinet-dump [--caged] CABINET NAME|--expand [MAX]\n",
              stderr);
        return EXIT_FAILURE;
    }
    if (open_caged(argv[1], caged, &fd, &bytes, &err) < 0
        || dump(&bytes, argv[2],
                argc > 3 ? strtoull(argv[3], NULL, 0) : MAX_BYTES, &found,
                &err) < 0) {
        fprintf(stderr, "error %s: %s\n", vtopo_code_name(err.code),
                err.message);
        vtopo_error_clear(&err);
        _exit(EXIT_FAILURE);    /* no exit handlers: see main.c */
    }
    if (!found)
        fputs("no such file\n", stderr);
    _exit(found ? EXIT_SUCCESS : 2);
}
