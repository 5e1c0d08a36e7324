/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * settings.h - the words that tell the probe what to be
 *
 * Words are "key=value", parted by blanks or line ends.  A later word
 * overrules an earlier one of the same key.
 *
 *      mode=32|pae|64          form of paging; 64 where the processor can
 *      idle=hlt|mwait|poll     what idle processors do
 *      licence=none|packages:N|logical:N
 *                              how many of what the licence lets pass
 *      arithmetic=logical|htt-divide|htt-mask|cores|cores-pow2
 *                              how the package is read from CPUID; see fate.c
 *      ceiling=N               logical processors that the kernel can hold
 *      numproc=N               processors that it may use at most
 *      onecpu                  the boot processor alone (onecpu=yes|no)
 *      hal=up|mp               up: for one processor
 *      left=never|parked       what becomes of those it may not use
 *      offline=LIST            taken down later: 1,3-5 (indices), or none
 *      report=debug|serial     serial: on COM1 as well
 *      after=stay|exit         exit: ends QEMU through isa-debug-exit
 */

#ifndef PROBE_SETTINGS_H
#define PROBE_SETTINGS_H

#include <stdint.h>

enum mode { MODE_DEFAULT, MODE_32, MODE_PAE, MODE_64 };
enum idle { IDLE_HLT, IDLE_MWAIT, IDLE_POLL };
enum licence { LICENCE_NONE, LICENCE_PACKAGES, LICENCE_LOGICAL };
enum arithmetic {
    BY_CORES_POW2, BY_CORES, BY_HTT_MASK, BY_HTT_DIVIDE, BY_LOGICAL
};

#define OFFLINE_WORDS (1024 / 32)

/* All zero is the default; fields of enums above, or 0 and 1. */
struct settings {
    uint32_t mode;
    uint32_t idle;
    uint32_t licence;
    uint32_t licence_count;
    uint32_t arithmetic;
    uint32_t ceiling;           /* or 0 */
    uint32_t numproc;           /* or 0 */
    uint32_t onecpu;
    uint32_t up_hal;
    uint32_t park;
    uint32_t serial;
    uint32_t exit;
    uint32_t offline[OFFLINE_WORDS];    /* a bit a processor */
};

/* Read @size bytes of words, or fewer up to a zero.  Returns the first word
 * that is none of the above, up to a blank, or NULL when all are.
 */
const char *settings_read(struct settings *settings, const char *text,
                          uint32_t size);

/* Whether @text from @at on is the end of a word. */
int settings_is_end(char character);

/* Print the settings as a JSON object. */
void settings_print(const struct settings *settings);

#endif
