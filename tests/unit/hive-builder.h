/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hive-builder.h - make registry hives and their logs in memory, sound or not
 *
 * Cells are put one behind the other into a single bin; what they are is the
 * caller's business, so a test can make any mistake it needs.
 */

#ifndef VT_HIVE_BUILDER_H
#define VT_HIVE_BUILDER_H

#include <stdlib.h>
#include <string.h>

#include "raw-bytes.h"
#include "regf-hive.h"
#include "utf16.h"

#define HIVE_ROOM (512u * 1024)

struct hive_builder {
    unsigned char *image;       /* owned: base block, then the bin */
    size_t size;                /* of the image */
    uint32_t used;              /* of the bin */
};

static inline void
hive_start(struct hive_builder *hive)
{
    hive->image = calloc(1, HIVE_ROOM);
    if (hive->image == NULL)
        abort();
    hive->used = 32;
}

static inline void
hive_clear(struct hive_builder *hive)
{
    free(hive->image);
}

/* What is at @offset of the bin. */
static inline unsigned char *
hive_at(const struct hive_builder *hive, uint32_t offset)
{
    return hive->image + VW_BINS_START + offset;
}

/* A cell with @size bytes; @data may be NULL. */
static inline uint32_t
hive_cell(struct hive_builder *hive, const void *data, size_t size)
{
    uint32_t offset = hive->used;
    uint32_t whole = ((uint32_t)size + 4 + 7) & ~7u;

    if (VW_BINS_START + offset + whole > HIVE_ROOM)
        abort();
    put32(hive_at(hive, offset), 0u - whole);
    if (data != NULL && size > 0)
        memcpy(hive_at(hive, offset + 4), data, size);
    hive->used += whole;
    return offset;
}

/* Turn @name to what is stored: Latin-1 where @wide is false. */
static inline size_t
hive_name(const char *name, bool wide, unsigned char *to)
{
    uint16_t units[1024];
    size_t count;

    if (!vw_utf16_from_utf8(name, strlen(name), units, 1024, &count))
        abort();
    for (size_t i = 0; i < count; i++) {
        if (wide)
            put16(to + 2 * i, units[i]);
        else
            to[i] = (unsigned char)units[i];
    }
    return wide ? 2 * count : count;
}

static inline uint32_t
hive_key_wide(struct hive_builder *hive, const char *name, bool wide)
{
    unsigned char node[76 + 2048] = "nk";
    size_t length = hive_name(name, wide, node + 76);

    put16(node + 2, wide ? 0 : 0x20);
    put64(node + 4, 0x0123456789abcdefu);
    put32(node + 28, VW_NOWHERE);
    put32(node + 40, VW_NOWHERE);
    put16(node + 72, (unsigned)length);
    return hive_cell(hive, node, 76 + length);
}

static inline uint32_t
hive_key(struct hive_builder *hive, const char *name)
{
    return hive_key_wide(hive, name, false);
}

/* A list of @kind 'i', 'f', 'h' or 'r'. */
static inline uint32_t
hive_list(struct hive_builder *hive, char kind,
          const uint32_t *elements, unsigned count)
{
    unsigned stride = kind == 'f' || kind == 'h' ? 8 : 4;
    uint32_t cell = hive_cell(hive, NULL, 4 + (size_t)count * stride);
    unsigned char *data = hive_at(hive, cell + 4);

    data[0] = kind == 'r' ? 'r' : 'l';
    data[1] = (unsigned char)(kind == 'r' ? 'i' : kind);
    put16(data + 2, count);
    for (unsigned i = 0; i < count; i++) {
        unsigned char *element = data + 4 + (size_t)i * stride;
        const unsigned char *node = hive_at(hive, elements[i] + 4);
        uint32_t hash = 0;

        put32(element, elements[i]);
        for (unsigned j = 0; stride == 8 && j < vw_le16(node + 72); j++) {
            hash = hash * 37 + vw_utf16_upper(node[76 + j]);
            if (kind == 'f' && j < 4)
                element[4 + j] = node[76 + j];
        }
        if (kind == 'h')
            put32(element + 4, hash);
    }
    return cell;
}

/* Give @key the children in @list, @count by its own account. */
static inline void
hive_adopt(struct hive_builder *hive, uint32_t key, uint32_t list,
           unsigned count)
{
    put32(hive_at(hive, key + 4 + 20), count);
    put32(hive_at(hive, key + 4 + 28), list);
}

/* A value node whose data is in a cell, or in @where itself. */
static inline uint32_t
hive_value_node(struct hive_builder *hive, const char *name, uint32_t type,
                uint32_t size, uint32_t where)
{
    unsigned char node[20 + 1024] = "vk";
    size_t length = hive_name(name, false, node + 20);

    put16(node + 2, (unsigned)length);
    put32(node + 4, size);
    put32(node + 8, where);
    put32(node + 12, type);
    put16(node + 16, 1);
    return hive_cell(hive, node, 20 + length);
}

/* Data in segments; the cell of the record. */
static inline uint32_t
hive_segments(struct hive_builder *hive, const unsigned char *data,
              size_t size)
{
    uint32_t segments[64];
    unsigned char list[4 * 64];
    unsigned char record[8] = "db";
    unsigned count = 0;

    for (size_t done = 0; done < size; done += 16344)
        segments[count++] = hive_cell(hive, data + done,
                                      size - done < 16344 ? size - done
                                                          : 16344);
    for (unsigned i = 0; i < count; i++)
        put32(list + (size_t)4 * i, segments[i]);
    put16(record + 2, count);
    put32(record + 4, hive_cell(hive, list, (size_t)4 * count));
    return hive_cell(hive, record, sizeof(record));
}

/* A value as Windows would write it. */
static inline uint32_t
hive_value(struct hive_builder *hive, const char *name, uint32_t type,
           const void *data, size_t size)
{
    unsigned char here[4] = { 0 };
    uint32_t where;

    if (size <= 4) {
        if (size > 0)
            memcpy(here, data, size);
        return hive_value_node(hive, name, type,
                               (uint32_t)size | 0x80000000u, vw_le32(here));
    }
    where = size > 16344 ? hive_segments(hive, data, size)
                         : hive_cell(hive, data, size);
    return hive_value_node(hive, name, type, (uint32_t)size, where);
}

/* Give @key the values @values. */
static inline void
hive_give(struct hive_builder *hive, uint32_t key, const uint32_t *values,
          unsigned count)
{
    uint32_t list = hive_cell(hive, NULL, (size_t)4 * count);

    for (unsigned i = 0; i < count; i++)
        put32(hive_at(hive, list + 4 + 4 * i), values[i]);
    put32(hive_at(hive, key + 4 + 36), count);
    put32(hive_at(hive, key + 4 + 40), list);
}

/* Put the checksum of the base block at @block right. */
static inline void
hive_sum(unsigned char *block)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < 508; i += 4)
        sum ^= vw_le32(block + i);
    put32(block + 508, sum == 0 ? 1 : sum == ~0u ? ~1u : sum);
}

/* Write the base block and the header of the bin: all is ready to be read.
 * The hive is dirty if the sequence numbers differ.
 */
static inline void
hive_finish(struct hive_builder *hive, uint32_t root,
            uint32_t primary, uint32_t secondary)
{
    uint32_t bins = (hive->used + 4095) & ~4095u;
    unsigned char *block = hive->image;
    unsigned char *bin = hive_at(hive, 0);

    if (bins > hive->used)      /* what is left is free */
        put32(hive_at(hive, hive->used), bins - hive->used);
    memcpy(bin, "hbin", 4);
    put32(bin + 8, bins);
    put64(bin + 20, 0x77);
    memcpy(block, "regf", 4);
    put32(block + 4, primary);
    put32(block + 8, secondary);
    put64(block + 12, 0x77);
    put32(block + 20, 1);
    put32(block + 24, 5);
    put32(block + 32, 1);
    put32(block + 36, root);
    put32(block + 40, bins);
    put32(block + 44, 1);
    (void)hive_name("SYSTEM", true, block + 48);
    hive_sum(block);
    hive->size = VW_BINS_START + bins;
}

/* ----------------------------------------------------------------- logs */

/* The base block of a log of @type at @log: 512 bytes. */
static inline void
hive_log_base(const struct hive_builder *hive, unsigned char *log,
              unsigned type, uint32_t sequence)
{
    memcpy(log, hive->image, VW_BASE_SIZE);
    put32(log + 4, sequence);
    put32(log + 8, sequence);
    put32(log + 28, type);
    hive_sum(log);
}

/* Put the hashes of the entry at @entry right. */
static inline void
hive_hash(unsigned char *entry)
{
    put64(entry + 24,
          vw_marvin_finish(vw_marvin_start(), entry + 40,
                           vw_le32(entry + 4) - 40));
    put64(entry + 32,
          vw_marvin_finish(vw_marvin_start(), entry, 32));
}

/* An entry at @entry that writes the page @data of @size bytes to @to of
 * bins of @bins bytes; returns its size.
 */
static inline uint32_t
hive_entry(unsigned char *entry, uint32_t sequence, uint32_t bins,
           uint32_t to, const unsigned char *data, uint32_t size)
{
    uint32_t whole = (48 + size + 511) & ~511u;

    memcpy(entry, "HvLE", 4);
    put32(entry + 4, whole);
    put32(entry + 8, 0);
    put32(entry + 12, sequence);
    put32(entry + 16, bins);
    put32(entry + 20, 1);
    put32(entry + 40, to);
    put32(entry + 44, size);
    memcpy(entry + 48, data, size);
    hive_hash(entry);
    return whole;
}

#endif /* VT_HIVE_BUILDER_H */
