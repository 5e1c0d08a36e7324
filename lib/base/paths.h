/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * paths.h - where programs, files of ours, and places for sockets are
 */

#ifndef VT_PATHS_H
#define VT_PATHS_H

#include "vtopo.h"

/* Where what belongs to vtopo, but is no program for users, is installed. */
#ifndef VTOPO_LIBEXECDIR
#define VTOPO_LIBEXECDIR "/usr/local/libexec/vtopo"
#endif

/* The program @name as a shell finds it, by PATH where it names no folder; the
 * name as it is where PATH has none.  The caller frees it; NULL without memory.
 */
char *vt_find_program(const char *name);

/* The file @name of vtopo: @folder below that of the running program, as in
 * the build tree, else in VTOPO_LIBEXECDIR.  @folder "" is that one itself.
 * Whether it is there is for the caller to see.  The caller frees it.
 */
int vt_find_own(const char *folder, const char *name, char **ret_path,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Room for the name of such a folder. */
#define VT_FOLDER_SIZE 80u

/* Make a folder that nobody else looks into, for sockets: in the user's own
 * place for those (XDG_RUNTIME_DIR), else in /tmp.  Its name is short enough
 * for the name of a socket in it.
 */
int vt_make_folder(char ret_name[VT_FOLDER_SIZE], struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VT_PATHS_H */
