/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * version.c - the release, which meson.build alone spells out
 */

#include "vtopo.h"

const char *
vtopo_version(void)
{
    return VTOPO_VERSION;
}
