/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * num.h - numbers from users, and the bit arithmetic of topologies
 */

#ifndef VT_NUM_H
#define VT_NUM_H

#include "vtopo.h"

/* Read the whole of @text as a decimal number in [@min, @max].
 *
 * Fails with VTOPO_BAD_INPUT for signs, blanks, other characters, and
 * numbers out of range however long; the message calls the number @what.
 */
int vt_parse_uint(const char *text, const char *what,
                  unsigned min, unsigned max,
                  unsigned *ret_value, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* How many bits number @count things: 0 for one, 3 for five to eight. */
static inline unsigned
vt_bits_for(unsigned count)
{
    return count <= 1 ? 0 : 32u - (unsigned)__builtin_clz(count - 1);
}

/* The smallest power of two that is not below @count; @count <= 2^31. */
static inline unsigned
vt_round_up_pow2(unsigned count)
{
    return 1u << vt_bits_for(count);
}

#endif /* VT_NUM_H */
