/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * host.h - the machine that we are on
 */

#ifndef VT_HOST_H
#define VT_HOST_H

#include "vtopo.h"

/* Whose processor this is; unknown where it is no PC. */
enum vtopo_vendor vt_host_vendor(void);

#endif /* VT_HOST_H */
