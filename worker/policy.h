/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * policy.h - Windows' licence, as the registry keeps it
 *
 * From Vista on the value Control\ProductOptions\ProductPolicy holds every
 * limit of an edition: a header, entries one behind the other, an end marker.
 *
 *   header  u32 total | u32 bytes of entries | u32 bytes of marker, 4 |
 *           u32 flags | u32 version, 1
 *   entry   u16 size | u16 bytes of name | u16 type | u16 bytes of data |
 *           u32 flags | u32 0 | name, UTF-16 | data | zeros up to the size,
 *           two bytes of them at least, the size a multiple of 4
 *   marker  45 00 00 00
 *
 * A blob that differs in any of this is refused whole: half a licence is
 * none.  The flags carry nothing that we need, and differ between releases.
 */

#ifndef VW_POLICY_H
#define VW_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vtopo.h"

/* ------------------------------------------------------------- limits */

#define VW_POLICY_SIZE_MAX 1048576u     /* real ones have up to 61,000 bytes */

enum vw_policy_type {
    VW_POLICY_STRING = 1,
    VW_POLICY_BINARY = 3,
    VW_POLICY_DWORD = 4,
};

struct vw_policy_value {
    unsigned type;              /* an enum vw_policy_type, or another */
    uint32_t flags;
    const unsigned char *data;  /* inside the blob */
    size_t size;
};

/* Find the value with exactly this name, in ASCII, and check all of the blob
 * on the way.  Fails with VTOPO_BAD_INPUT for a malformed blob, and for one
 * that has two such values.
 */
int vw_policy_find(const unsigned char *blob, size_t size, const char *name,
                   struct vw_policy_value *ret_value, bool *ret_found,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The number or the string that @value is; @name is for the message.  The
 * caller frees the string, which ends at the first zero character.
 */
int vw_policy_dword(const struct vw_policy_value *value, const char *name,
                    uint32_t *ret_number, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));
int vw_policy_string(const struct vw_policy_value *value, const char *name,
                     char **ret_text, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_POLICY_H */
