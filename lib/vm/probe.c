/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * probe.c - where the files of the stand-in guest are
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "vm/launch.h"

#ifndef VTOPO_LIBEXECDIR
#define VTOPO_LIBEXECDIR "/usr/local/libexec/vtopo"
#endif

/* PATH of the running program, less its last part; NULL without. */
static char *
find_folder(void)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (length <= 0)
        return NULL;
    self[length] = '\0';
    slash = strrchr(self, '/');
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    return strdup(self);
}

int
vt_probe_find(const char *name, char **ret_path, struct vtopo_error *err)
{
    const char *given = secure_getenv("VTOPO_PROBE");
    char *folder = find_folder();
    char *path = NULL;
    int length = given != NULL ? asprintf(&path, "%s/%s", given, name)
                 : folder != NULL ? asprintf(&path, "%s/probe/%s", folder, name)
                 : -1;

    free(folder);
    if (length >= 0 && access(path, R_OK) == 0) {
        *ret_path = path;
        return 0;
    }
    if (length >= 0)
        free(path);
    if (asprintf(&path, "%s/%s", VTOPO_LIBEXECDIR, name) < 0)
        return vt_fail_memory(err);
    if (access(path, R_OK) < 0) {
        (void)vt_fail_errno(err, "the stand-in guest '%s' is not there", name);
        free(path);
        return vt_hint(err, "vtopo looks for it in 'probe' beside itself and "
                       "in '%s'; VTOPO_PROBE names another folder",
                       VTOPO_LIBEXECDIR);
    }
    *ret_path = path;
    return 0;
}
