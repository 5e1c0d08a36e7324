/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pe.c - what a program file of Windows says of itself (see pe.h)
 *
 * Every question is a walk: it reads through a small cache of blocks, and
 * stops for good at the first thing that cannot be.  A walk that stopped
 * because reading failed is a failure; any other one is "unknown".
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "pe.h"

#define BLOCKS 4u               /* of the cache */

#define DOS_HEADER_SIZE 64u
#define FILE_HEADER_SIZE 24u    /* with the signature */
#define OPTIONAL_SIZE_MAX 136u  /* as much of it as is of use to us */
#define SECTION_SIZE 40u
#define MAGIC_32 0x10bu
#define MAGIC_64 0x20bu

/* Sections begin in the file at a multiple of this, whatever they say. */
#define SECTOR 512u

struct block {
    bool is_valid;
    unsigned used;              /* when last */
    uint64_t number;
    size_t size;
    unsigned char data[VW_PE_BLOCK_SIZE];
};

struct walk {
    const struct vw_pe *pe;
    struct vtopo_error *err;
    bool has_failed;            /* *err says why */
    unsigned reads;
    unsigned clock;
    unsigned symbols;           /* looked at */
    struct block blocks[BLOCKS];
};

static void
start_walk(struct walk *walk, const struct vw_pe *pe, struct vtopo_error *err)
{
    walk->pe = pe;
    walk->err = err;
    walk->has_failed = false;
    walk->reads = 0;
    walk->clock = 0;
    walk->symbols = 0;
    for (unsigned i = 0; i < BLOCKS; i++)
        walk->blocks[i].is_valid = false;
}

/* The block with @number, or else the one to give up for it. */
static struct block *
choose_block(struct walk *walk, uint64_t number)
{
    struct block *oldest = &walk->blocks[0];

    for (unsigned i = 0; i < BLOCKS; i++) {
        struct block *block = &walk->blocks[i];

        if (block->is_valid && block->number == number)
            return block;
        if (oldest->is_valid && (!block->is_valid
                                 || block->used < oldest->used))
            oldest = block;
    }
    oldest->is_valid = false;
    return oldest;
}

/* The block that @offset of the file is in; NULL stops the walk. */
static const struct block *
load(struct walk *walk, uint64_t offset)
{
    const struct vw_bytes *bytes = walk->pe->bytes;
    uint64_t number = offset / VW_PE_BLOCK_SIZE;
    uint64_t start = number * VW_PE_BLOCK_SIZE;
    struct block *block;

    if (offset >= bytes->size || walk->has_failed)
        return NULL;
    block = choose_block(walk, number);
    block->used = walk->clock++;
    if (block->is_valid)
        return block;
    if (walk->reads++ == VW_PE_BLOCKS_MAX)
        return NULL;

    block->number = number;
    block->size = VW_PE_BLOCK_SIZE;
    if (bytes->size - start < block->size)
        block->size = (size_t)(bytes->size - start);
    if (vw_bytes_read(bytes, start, block->data, block->size, walk->err) < 0) {
        walk->has_failed = true;
        return NULL;
    }
    block->is_valid = true;
    return block;
}

/* @size bytes at @offset of the file. */
static bool
get(struct walk *walk, uint64_t offset, unsigned char *buffer, size_t size)
{
    while (size > 0) {
        const struct block *block = load(walk, offset);
        size_t at = (size_t)(offset % VW_PE_BLOCK_SIZE);
        size_t part;

        if (block == NULL || at >= block->size)
            return false;
        part = block->size - at < size ? block->size - at : size;
        memcpy(buffer, block->data + at, part);
        buffer += part;
        offset += part;
        size -= part;
    }
    return true;
}

/* Where in the file the @size bytes at @address of the image are. */
static bool
to_offset(const struct vw_pe *pe, uint32_t address, size_t size,
          uint64_t *ret_offset)
{
    if (address < pe->headers_size && size <= pe->headers_size - address) {
        *ret_offset = address;
        return true;
    }
    for (unsigned i = 0; i < pe->section_count; i++) {
        const struct vw_pe_section *section = &pe->sections[i];
        uint32_t in = address - section->memory.address;

        if (address < section->memory.address || in >= section->size
            || size > section->size - in)
            continue;
        *ret_offset = (uint64_t)section->offset + in;
        return true;
    }
    return false;
}

/* @size bytes at @address of the image. */
static bool
get_at(struct walk *walk, uint64_t address, unsigned char *buffer, size_t size)
{
    uint64_t offset;

    return address <= UINT32_MAX
        && to_offset(walk->pe, (uint32_t)address, size, &offset)
        && get(walk, offset, buffer, size);
}

/* ------------------------------------------------------------- headers */

/* The status of what does not begin as a program does. */
static enum vw_pe_status
look_for_zeros(struct walk *walk)
{
    uint64_t end = walk->pe->bytes->size;

    if (end == 0)
        return VW_PE_EMPTY;
    if (end > VW_PE_ZEROS_LOOK)
        end = VW_PE_ZEROS_LOOK;
    for (uint64_t at = 0; at < end; at += VW_PE_BLOCK_SIZE) {
        const struct block *block = load(walk, at);

        if (block == NULL)
            return VW_PE_NOT_PE;
        for (size_t i = 0; i < block->size; i++)
            if (block->data[i] != 0)
                return VW_PE_NOT_PE;
    }
    return VW_PE_ZEROS;
}

/* One of the data directories behind the optional header of @size bytes. */
static struct vw_pe_range
directory(const unsigned char *optional, size_t size, bool is_64_bit,
          unsigned index)
{
    size_t first = is_64_bit ? 112 : 96;
    size_t at = first + 8 * (size_t)index;

    if (at + 8 > size || vw_le32(optional + first - 4) <= index)
        return (struct vw_pe_range) { 0, 0 };
    return (struct vw_pe_range) { vw_le32(optional + at),
                                  vw_le32(optional + at + 4) };
}

static bool
read_optional(struct walk *walk, uint64_t offset, size_t size,
              struct vw_pe *pe)
{
    unsigned char optional[OPTIONAL_SIZE_MAX];
    unsigned magic;

    if (size > sizeof(optional))
        size = sizeof(optional);
    if (size < 96 || !get(walk, offset, optional, size))
        return false;
    magic = vw_le16(optional);
    if (magic != MAGIC_32 && (magic != MAGIC_64 || size < 112))
        return false;

    pe->is_64_bit = magic == MAGIC_64;
    pe->headers_size = vw_le32(optional + 60);
    pe->checksum = vw_le32(optional + 64);
    pe->subsystem = vw_le16(optional + 68);
    pe->imports = directory(optional, size, pe->is_64_bit, 1);
    pe->resources = directory(optional, size, pe->is_64_bit, 2);
    return true;
}

static bool
read_sections(struct walk *walk, uint64_t offset, unsigned count,
              struct vw_pe *pe)
{
    if (count > VW_PE_SECTIONS_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct vw_pe_section *section = &pe->sections[i];
        unsigned char raw[SECTION_SIZE];

        if (!get(walk, offset + (uint64_t)i * SECTION_SIZE, raw, sizeof(raw)))
            return false;
        section->memory.size = vw_le32(raw + 8);
        section->memory.address = vw_le32(raw + 12);
        section->size = vw_le32(raw + 16);
        section->offset = vw_le32(raw + 20) & ~(SECTOR - 1);
    }
    pe->section_count = count;
    return true;
}

static bool
read_headers(struct walk *walk, struct vw_pe *pe)
{
    unsigned char dos[DOS_HEADER_SIZE];
    unsigned char file[FILE_HEADER_SIZE];
    uint64_t at;
    size_t optional_size;

    if (!get(walk, 0, dos, sizeof(dos)) || memcmp(dos, "MZ", 2) != 0)
        return false;
    at = vw_le32(dos + 60);
    if (!get(walk, at, file, sizeof(file))
        || memcmp(file, "PE\0\0", 4) != 0)
        return false;
    pe->machine = vw_le16(file + 4);
    pe->timestamp = vw_le32(file + 8);
    optional_size = vw_le16(file + 20);
    pe->characteristics = vw_le16(file + 22);

    at += sizeof(file);
    return read_optional(walk, at, optional_size, pe)
        && read_sections(walk, at + optional_size, vw_le16(file + 6), pe);
}

int
vw_pe_open(const struct vw_bytes *bytes, struct vw_pe *ret_pe,
           struct vtopo_error *err)
{
    struct vw_pe pe = { .bytes = bytes };
    struct walk walk;

    start_walk(&walk, &pe, err);
    if (!read_headers(&walk, &pe)) {
        enum vw_pe_status status = look_for_zeros(&walk);

        pe = (struct vw_pe) { .bytes = bytes, .status = status };
    }
    if (walk.has_failed)
        return -1;
    *ret_pe = pe;
    return 0;
}

/* ------------------------------------------------------------- imports */

static char
fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the string at @address is @want.  Reads no further than the first
 * difference.
 */
static enum vw_pe_answer
compare(struct walk *walk, uint64_t address, const char *want, bool any_case)
{
    for (;; address++, want++) {
        unsigned char byte;

        if (!get_at(walk, address, &byte, 1))
            return VW_PE_UNKNOWN;
        if (any_case ? fold((char)byte) != fold(*want)
                     : (char)byte != *want)
            return VW_PE_NO;
        if (byte == 0)
            return VW_PE_YES;
    }
}

/* Look for @symbol in the table of names at @address. */
static enum vw_pe_answer
find_symbol(struct walk *walk, uint64_t address, const char *symbol)
{
    size_t size = walk->pe->is_64_bit ? 8 : 4;
    uint64_t by_ordinal = walk->pe->is_64_bit ? UINT64_C(1) << 63
                                              : UINT64_C(1) << 31;

    for (; walk->symbols < VW_PE_SYMBOLS_MAX; walk->symbols++) {
        unsigned char raw[8] = { 0 };
        enum vw_pe_answer answer;
        uint64_t entry;

        if (!get_at(walk, address, raw, size))
            return VW_PE_UNKNOWN;
        address += size;
        entry = vw_le64(raw);
        if (entry == 0)
            return VW_PE_NO;
        if ((entry & by_ordinal) != 0)
            continue;
        /* Two bytes of hint stand before the name. */
        answer = entry > UINT32_MAX
                 ? VW_PE_UNKNOWN
                 : compare(walk, entry + 2, symbol, false);
        if (answer != VW_PE_NO)
            return answer;
    }
    return VW_PE_UNKNOWN;
}

/* What one more library, or one more look at it, adds to what is known. */
static void
add_answer(enum vw_pe_answer *known, enum vw_pe_answer more)
{
    if (*known == VW_PE_NO || more == VW_PE_YES)
        *known = more;
}

static struct vw_pe_import
find_import(struct walk *walk, const char *library, const char *symbol)
{
    static const struct vw_pe_import unknown = { VW_PE_UNKNOWN,
                                                 VW_PE_UNKNOWN };
    struct vw_pe_import import = { VW_PE_NO, VW_PE_NO };

    if (walk->pe->imports.address == 0)
        return import;
    for (unsigned i = 0; i < VW_PE_LIBRARIES_MAX; i++) {
        unsigned char raw[20];
        uint32_t names;
        enum vw_pe_answer is_it;

        if (!get_at(walk, walk->pe->imports.address + (uint64_t)i * sizeof(raw),
                    raw, sizeof(raw)))
            break;
        if (vw_le32(raw + 12) == 0 || vw_le32(raw + 16) == 0)
            return import;
        is_it = compare(walk, vw_le32(raw + 12), library, true);
        add_answer(&import.library, is_it);
        if (is_it == VW_PE_UNKNOWN)
            add_answer(&import.symbol, VW_PE_UNKNOWN);
        if (is_it != VW_PE_YES)
            continue;
        /* Old linkers left the first table out. */
        names = vw_le32(raw) != 0 ? vw_le32(raw) : vw_le32(raw + 16);
        add_answer(&import.symbol, find_symbol(walk, names, symbol));
        if (import.symbol == VW_PE_YES)
            return import;
    }
    return import.library == VW_PE_YES
           ? (struct vw_pe_import) { VW_PE_YES, VW_PE_UNKNOWN } : unknown;
}

int
vw_pe_find_import(const struct vw_pe *pe, const char *library,
                  const char *symbol, struct vw_pe_import *ret_import,
                  struct vtopo_error *err)
{
    struct vw_pe_import import = { VW_PE_UNKNOWN, VW_PE_UNKNOWN };
    struct walk walk;

    start_walk(&walk, pe, err);
    if (pe->status == VW_PE_IMAGE)
        import = find_import(&walk, library, symbol);
    if (walk.has_failed)
        return -1;
    *ret_import = import;
    return 0;
}

/* ----------------------------------------------------------- resources */

#define RESOURCE_VERSION 16u
#define RESOURCE_IS_DIRECTORY 0x80000000u

/* A directory of the resources, being read entry by entry. */
struct entries {
    uint64_t next;
    unsigned left;
    bool is_cut;                /* there are more than we look at */
};

struct entry {
    uint32_t id;
    uint32_t offset;            /* from the start of the resources */
    bool is_directory;
};

static bool
open_directory(struct walk *walk, uint32_t offset, struct entries *ret_entries)
{
    uint64_t address = (uint64_t)walk->pe->resources.address + offset;
    unsigned char raw[16];
    unsigned count;

    if (!get_at(walk, address, raw, sizeof(raw)))
        return false;
    count = (unsigned)vw_le16(raw + 12) + vw_le16(raw + 14);
    ret_entries->next = address + sizeof(raw);
    ret_entries->is_cut = count > VW_PE_RESOURCES_MAX;
    ret_entries->left = ret_entries->is_cut ? VW_PE_RESOURCES_MAX : count;
    return true;
}

static bool
next_entry(struct walk *walk, struct entries *entries, struct entry *ret_entry)
{
    unsigned char raw[8];

    if (entries->left == 0 || !get_at(walk, entries->next, raw, sizeof(raw)))
        return false;
    entries->left--;
    entries->next += sizeof(raw);
    ret_entry->id = vw_le32(raw);
    ret_entry->offset = vw_le32(raw + 4) & ~RESOURCE_IS_DIRECTORY;
    ret_entry->is_directory = (vw_le32(raw + 4) & RESOURCE_IS_DIRECTORY) != 0;
    return true;
}

/* The content of the resource that @offset describes. */
static int
read_content(struct walk *walk, uint32_t offset,
             struct vw_pe_version *version)
{
    vt_autofree unsigned char *data = NULL;
    unsigned char raw[16];
    size_t size;

    if (!get_at(walk, (uint64_t)walk->pe->resources.address + offset,
                raw, sizeof(raw)))
        return 0;
    size = vw_le32(raw + 4);
    if (size == 0 || size > VW_PE_VERSION_MAX)
        return 0;
    data = malloc(size);
    if (data == NULL)
        return vt_fail_memory(walk->err);
    if (get_at(walk, vw_le32(raw), data, size))
        vw_pe_parse_version(data, size, version);
    return 0;
}

/* Below "version" stand names, and below those languages. */
static int
read_languages(struct walk *walk, uint32_t offset,
               struct vw_pe_version *version)
{
    struct entries names;
    struct entries languages;
    struct entry name;
    struct entry language;
    unsigned tried = 0;

    if (!open_directory(walk, offset, &names))
        return 0;
    while (next_entry(walk, &names, &name)) {
        if (!name.is_directory
            || !open_directory(walk, name.offset, &languages))
            continue;
        while (next_entry(walk, &languages, &language)) {
            if (tried++ == VW_PE_LANGUAGES_MAX)
                return 0;
            if (!language.is_directory
                && read_content(walk, language.offset, version) < 0)
                return -1;
            if (version->found == VW_PE_YES)
                return 0;
        }
    }
    return 0;
}

static int
read_version(struct walk *walk, struct vw_pe_version *version)
{
    struct entries types = { .left = 0 };
    struct entry type;

    if (walk->pe->resources.address == 0) {
        version->found = VW_PE_NO;
        return 0;
    }
    if (!open_directory(walk, 0, &types))
        return 0;
    while (next_entry(walk, &types, &type))
        if (type.id == RESOURCE_VERSION && type.is_directory)
            return read_languages(walk, type.offset, version);
    if (types.left == 0 && !types.is_cut)
        version->found = VW_PE_NO;
    return 0;
}

int
vw_pe_read_version(const struct vw_pe *pe, struct vw_pe_version *ret_version,
                   struct vtopo_error *err)
{
    struct vw_pe_version version = { .found = VW_PE_UNKNOWN };
    struct walk walk;

    start_walk(&walk, pe, err);
    if (pe->status == VW_PE_IMAGE && read_version(&walk, &version) < 0)
        return -1;
    if (walk.has_failed)
        return -1;
    *ret_version = version;
    return 0;
}

int
vw_pe_read_kernel(const struct vw_pe *pe, enum vw_pe_kernel *ret_kernel,
                  struct vtopo_error *err)
{
    struct vw_pe_version version;
    struct vw_pe_import start;

    if (vw_pe_find_import(pe, VW_PE_START_LIBRARY, VW_PE_START_SYMBOL,
                          &start, err) < 0
        || vw_pe_read_version(pe, &version, err) < 0)
        return -1;
    *ret_kernel = vw_pe_judge_kernel(&start, &version);
    return 0;
}
