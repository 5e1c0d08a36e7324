/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * paths.c - where programs, files of ours, and places for sockets are (see
 * paths.h)
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/paths.h"

char *
vt_find_program(const char *name)
{
    const char *rest = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return strdup(name);
    for (rest = rest != NULL ? rest : "/usr/local/bin:/usr/bin:/bin";
         *rest != '\0';) {
        size_t length = strcspn(rest, ":");
        char *path;

        if (asprintf(&path, "%.*s/%s", (int)length, rest, name) < 0)
            return NULL;
        if (length > 0 && access(path, X_OK) == 0)
            return path;
        free(path);
        rest += length;
        rest += *rest == ':' ? 1 : 0;
    }
    return strdup(name);
}

/* The folder of the running program, without a slash at its end; "" where it
 * cannot be told.
 */
static void
find_self(char *folder, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    char *slash;

    folder[length > 0 ? length : 0] = '\0';
    slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
}

int
vt_find_own(const char *folder, const char *name, char **ret_path,
            struct vtopo_error *err)
{
    char self[4096];
    char *path;

    find_self(self, sizeof(self));
    if (asprintf(&path, "%s%s%s/%s", self, folder[0] != '\0' ? "/" : "",
                 folder, name) < 0)
        return vt_fail_memory(err);
    if (self[0] != '\0' && access(path, R_OK) == 0) {
        *ret_path = path;
        return 0;
    }
    free(path);
    if (asprintf(&path, "%s/%s", VTOPO_LIBEXECDIR, name) < 0)
        return vt_fail_memory(err);
    *ret_path = path;
    return 0;
}

int
vt_make_folder(char ret_name[VT_FOLDER_SIZE], struct vtopo_error *err)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    char name[VT_FOLDER_SIZE] = "/tmp/vtopo-XXXXXX";

    if (runtime != NULL && strlen(runtime) < 40
        && access(runtime, W_OK | X_OK) == 0)
        (void)snprintf(name, sizeof(name), "%s/vtopo-XXXXXX", runtime);
    if (mkdtemp(name) == NULL)
        return vt_fail_errno(err, "cannot make the folder '%s'", name);
    strcpy(ret_name, name);
    return 0;
}
