/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf.c - open a Windows registry hive (see regf.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "regf-hive.h"
#include "utf16.h"

uint32_t
vw_base_sum(const unsigned char *block)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < VW_BASE_SIZE - 4; i += 4)
        sum ^= vw_le32(block + i);
    if (sum == 0)
        return 1;
    return sum == 0xffffffffu ? 0xfffffffeu : sum;
}

void
vw_base_parse(const unsigned char *block, struct vw_base *ret_base)
{
    *ret_base = (struct vw_base) {
        .primary_sequence = vw_le32(block + 4),
        .secondary_sequence = vw_le32(block + 8),
        .written = vw_le64(block + 12),
        .major = vw_le32(block + 20),
        .minor = vw_le32(block + 24),
        .type = vw_le32(block + 28),
        .root = vw_le32(block + 36),
        .size = vw_le32(block + 40),
        .cluster = vw_le32(block + 44),
        .is_regf = memcmp(block, "regf", 4) == 0,
        .checksum_ok = vw_base_sum(block) == vw_le32(block + 508),
    };
    memcpy(ret_base->name, block + 48, sizeof(ret_base->name));
}

static int
check_base(const struct vw_base *base, struct vtopo_error *err)
{
    if (base->major != 1 || base->minor < 2 || base->minor > 6)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive has version %u.%u, not 1.2 to 1.6",
                       base->major, base->minor);
    if (base->size == 0 || base->size % VW_HIVE_PAGE != 0
        || base->size > VW_HIVE_BINS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive claims a size of %u bytes, which is no"
                       " multiple of %u up to %u",
                       base->size, VW_HIVE_PAGE, VW_HIVE_BINS_MAX);
    return 0;
}

static int
read_base(const struct vw_bytes *primary, struct vw_base *ret_base,
          struct vtopo_error *err)
{
    unsigned char block[VW_BASE_SIZE];
    struct vw_base base;

    if (primary->size <= VW_BINS_START)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%llu bytes are too few for a registry hive",
                       (unsigned long long)primary->size);
    if (vw_bytes_read(primary, 0, block, sizeof(block), err) < 0)
        return -1;
    vw_base_parse(block, &base);
    if (!base.is_regf)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "this is no registry hive: it does not begin with"
                       " 'regf'");
    if (base.type != VW_BASE_PRIMARY)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "this is the log of a registry hive, or a hive of"
                       " unknown type %u", base.type);
    *ret_base = base;
    return 0;
}

static void
note_base(struct vw_hive *hive, const struct vw_base *base)
{
    struct vw_hive_state *state = &hive->state;

    state->major = base->major;
    state->minor = base->minor;
    state->primary_sequence = base->primary_sequence;
    state->secondary_sequence = base->secondary_sequence;
    (void)vw_utf8_from_utf16(base->name,
                             vw_utf16_length(base->name,
                                             sizeof(base->name) / 2),
                             state->name);
    state->size = base->size;
    hive->root = base->root;
}

/* Take the logs into account, and settle what the base block says. */
static int
settle(struct vw_hive *hive, struct vw_base *base,
       const struct vw_bytes *const *given, size_t count,
       struct vtopo_error *err)
{
    struct vw_logs logs = { .count = 0 };

    hive->state.checksum_ok = base->checksum_ok;
    hive->state.dirty = !base->checksum_ok
                        || base->primary_sequence != base->secondary_sequence;
    if (hive->state.dirty)
        vw_logs_choose(hive, base, given, count, &logs);
    if (logs.has_base)
        *base = logs.base;
    if (check_base(base, err) < 0)
        return -1;
    note_base(hive, base);
    if (logs.count > 0)
        vw_logs_apply(hive, &logs);
    return 0;
}

/* A hive that opens has a first bin and a root. */
static int
check_start(struct vw_hive *hive, struct vtopo_error *err)
{
    unsigned char bin[4];
    struct vw_key root;

    if (vw_pages_read(&hive->pages, 0, bin, sizeof(bin), err) < 0)
        return -1;
    if (memcmp(bin, "hbin", 4) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the hive has no bins: 'hbin' is missing");
    return vw_hive_root(hive, &root, err);
}

/* A hive that lost its end, or more, opens in no Windows, and what is left of
 * it cannot be trusted.  To look at every bin would be to read it all; the
 * last one tells most.  Where Windows was writing, the end may be missing.
 */
static int
check_end(struct vw_hive *hive, struct vtopo_error *err)
{
    uint32_t size = hive->state.size;
    unsigned char bin[12];
    uint32_t at = size;

    if (hive->state.dirty)
        return 0;
    for (unsigned i = 0; i < VW_HIVE_LAST_BIN_MAX && at > 0; i++) {
        at -= VW_HIVE_PAGE;
        if (vw_pages_read(&hive->pages, at, bin, sizeof(bin), err) < 0)
            return -1;
        if (memcmp(bin, "hbin", 4) != 0)
            continue;
        if (vw_le32(bin + 4) == at && vw_le32(bin + 8) == size - at)
            return 0;
        break;
    }
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "the hive is damaged: its %u bytes do not end in a bin",
                   size);
}

int
vw_hive_open(const struct vw_bytes *primary,
             const struct vw_bytes *const *logs, size_t logs_count,
             struct vw_hive **ret_hive, struct vtopo_error *err)
{
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct vw_base base;

    if (read_base(primary, &base, err) < 0)
        return -1;
    hive = calloc(1, sizeof(*hive));
    if (hive == NULL)
        return vt_fail_memory(err);
    hive->pages.file = primary;
    hive->pages.bytes_read = VW_BASE_SIZE;
    if (settle(hive, &base, logs, logs_count, err) < 0
        || check_start(hive, err) < 0 || check_end(hive, err) < 0)
        return -1;
    *ret_hive = vt_steal(&hive);
    return 0;
}

void
vw_hive_close(struct vw_hive *hive)
{
    if (hive == NULL)
        return;
    vw_pages_clear(&hive->pages);
    free(hive);
}

const struct vw_hive_state *
vw_hive_state(struct vw_hive *hive)
{
    hive->state.bytes_read = hive->pages.bytes_read;
    return &hive->state;
}
