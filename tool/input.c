/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * input.c - files that the command line names (see input.h)
 */

#include <string.h>
#include <unistd.h>

#include "input.h"

int
input_read(const char *name, size_t most, struct vt_buf *text,
           struct vtopo_error *err)
{
    return strcmp(name, "-") == 0
           ? vt_read_all(STDIN_FILENO, "standard input", most, text, err)
           : vt_read_file(name, most, text, err);
}
