/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cleanup.h - release locals when they go out of scope
 *
 * A variable marked vt_auto*() must be initialised where it is declared.
 * To hand its value on, use vt_steal(&variable).
 */

#ifndef VT_CLEANUP_H
#define VT_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vtopo.h"

#define vt_auto(release) __attribute__((cleanup(release)))
#define vt_autofree vt_auto(vt_freep)
#define vt_autofile vt_auto(vt_fclosep)
#define vt_autoclose vt_auto(vt_closep)
#define vt_autoerror vt_auto(vtopo_error_clear)

#define vt_steal(pp)                            \
    __extension__ ({                            \
        __typeof__(pp) vt_pp_ = (pp);           \
        __typeof__(*vt_pp_) vt_p_ = *vt_pp_;    \
        *vt_pp_ = NULL;                         \
        vt_p_;                                  \
    })

/* The number of elements of an array (not of a pointer). */
#define VT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void
vt_freep(void *pp)
{
    free(*(void **)pp);
}

static inline void
vt_fclosep(FILE **fp)
{
    if (*fp != NULL)
        (void)fclose(*fp);
}

static inline void
vt_closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#endif /* VT_CLEANUP_H */
