/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * vendor.c - whose processor the host has (see host.h)
 */

#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "host/host.h"

enum vtopo_vendor
vt_host_vendor(void)
{
#if defined(__x86_64__) || defined(__i386__)
    unsigned words[4] = { 0 };  /* EAX, then EBX, EDX, ECX: the name */
    char name[13] = "";

    if (__get_cpuid(0, &words[0], &words[1], &words[3], &words[2]) == 0)
        return VTOPO_VENDOR_UNKNOWN;
    memcpy(name, words + 1, 12);
    if (strcmp(name, "GenuineIntel") == 0)
        return VTOPO_INTEL;
    /* Hygon's are AMD's by licence. */
    if (strcmp(name, "AuthenticAMD") == 0 || strcmp(name, "HygonGenuine") == 0)
        return VTOPO_AMD;
#endif
    return VTOPO_VENDOR_UNKNOWN;
}
