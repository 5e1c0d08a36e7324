/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sniff-vmdk.c - the headers of VMware's formats (see sniff.h)
 *
 * A VMware disk is a text that names extents, or one file with that text
 * inside.  QEMU opens extents by their names and takes no other from us, so
 * every name that could be an extent must be found: where in doubt a line
 * counts as one.  After "Virtual Disk Format 5.0" of VMware.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "sniff.h"

#define SECTOR 512u

/* Where a sparse extent of a disk of one file has its text, whatever its
 * header says: QEMU looks for the parent there.
 */
#define USUAL_DESCRIPTOR 512u

static const char *const accesses[] = { "RW", "RDONLY", "NOACCESS" };

static int
add_extent(struct vw_sniff *sniff, const char *name, size_t size, bool flat,
           struct vtopo_error *err)
{
    struct vw_sniff_extent *extents;

    if (sniff->extent_count == VW_SNIFF_EXTENTS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VMDK descriptor names more than %u extents",
                       VW_SNIFF_EXTENTS_MAX);
    extents = realloc(sniff->extents,
                      (sniff->extent_count + 1) * sizeof(*extents));
    if (extents == NULL)
        return vt_fail_memory(err);
    sniff->extents = extents;
    extents += sniff->extent_count;
    *extents = (struct vw_sniff_extent) { .name = NULL, .flat = flat };
    if (vw_sniff_name(name, size, "extent", &extents->name, err) < 0)
        return -1;
    sniff->extent_count++;
    return 0;
}

/* The text between the first two quotes of a line, or NULL. */
static const char *
find_quoted(const char *line, size_t length, size_t *ret_size)
{
    const char *from = memchr(line, '"', length);
    const char *to;

    if (from == NULL)
        return NULL;
    from++;
    to = memchr(from, '"', length - (size_t)(from - line));
    if (to == NULL)
        to = line + length;
    *ret_size = (size_t)(to - from);
    return from;
}

static bool
starts_with(const char *line, size_t length, const char *word)
{
    size_t size = strlen(word);

    return length > size && strncasecmp(line, word, size) == 0;
}

static bool
is_extent(const char *line, size_t length)
{
    for (size_t i = 0; i < VT_COUNT(accesses); i++) {
        if (starts_with(line, length, accesses[i]))
            return true;
    }
    return false;
}

/* Whether "RW 4192256 FLAT ..." says that the extent has no header.  A word
 * too many, and it may have one.
 */
static bool
is_flat(const char *line)
{
    static const char *const words[] = { "FLAT", "VMFS" };
    char word[8] = "";
    int quote = 0;

    if (sscanf(line, "%*s %*s %7s \"%n", word, &quote) != 1 || quote == 0)
        return false;
    for (size_t i = 0; i < VT_COUNT(words); i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

/* The sectors of an extent, "RW 4192256 SPARSE ...". */
static void
add_sectors(const char *line, struct vw_sniff *sniff)
{
    uint64_t size;

    line += strcspn(line, " \t");
    size = strtoull(line, NULL, 10);
    if (__builtin_mul_overflow(size, SECTOR, &size)
        || __builtin_add_overflow(size, sniff->virtual_size,
                                  &sniff->virtual_size))
        sniff->has_virtual_size = false;
}

/* One line, which a zero byte ends. */
static int
take_line(const char *line, size_t length, bool with_extents,
          struct vw_sniff *sniff, struct vtopo_error *err)
{
    static const char parent[] = "parentFileNameHint";
    const char *name;
    size_t size = 0;

    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    name = find_quoted(line, length, &size);
    if (starts_with(line, length, parent)) {
        if (name == NULL)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the VMDK descriptor names a parent without quotes");
        return vw_sniff_name(name, size, "parent", &sniff->backing, err);
    }
    if (!with_extents || !is_extent(line, length))
        return 0;
    add_sectors(line, sniff);
    /* Extents of zeros have no name. */
    return name == NULL ? 0
           : add_extent(sniff, name, size, is_flat(line), err);
}

static int
take_text(char *text, bool with_extents, struct vw_sniff *sniff,
          struct vtopo_error *err)
{
    char *rest = text;

    while (*rest != '\0') {
        char *line = rest;
        size_t length = strcspn(line, "\r\n");

        rest += length;
        if (*rest != '\0')
            *rest++ = '\0';
        if (take_line(line, length, with_extents, sniff, err) < 0)
            return -1;
    }
    return 0;
}

/* The text of at most @size bytes at @offset; it ends at a zero byte. */
static int
read_descriptor(const struct vw_bytes *bytes, uint64_t offset, uint64_t size,
                bool with_extents, struct vw_sniff *sniff,
                struct vtopo_error *err)
{
    vt_autofree char *text = NULL;

    if (offset >= bytes->size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VMDK descriptor is not in the file");
    if (size > bytes->size - offset)
        size = bytes->size - offset;
    if (size > VW_SNIFF_DESCRIPTOR_MAX)
        size = VW_SNIFF_DESCRIPTOR_MAX;
    text = malloc((size_t)size + 1);
    if (text == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(bytes, offset, text, (size_t)size, err) < 0)
        return -1;
    text[size] = '\0';
    return take_text(text, with_extents, sniff, err);
}

/* A sparse file, "KDMV".  Without a capacity of its own the text inside is
 * read like one that stands alone.
 */
static int
read_sparse(const struct vw_bytes *bytes, struct vw_sniff *sniff,
            struct vtopo_error *err)
{
    unsigned char header[80];
    uint64_t capacity;
    uint64_t offset;
    bool alone;

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the VMDK header is cut short");
    capacity = vw_le64(header + 12);
    alone = capacity == 0;
    sniff->has_virtual_size =
        !__builtin_mul_overflow(capacity, SECTOR, &sniff->virtual_size);
    if (__builtin_mul_overflow(vw_le64(header + 28), SECTOR, &offset))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VMDK descriptor is not in the file");
    if (offset == 0 && alone)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VMDK header has neither a size nor a descriptor");
    /* An extent of a disk of several files has no text. */
    if (offset != 0
        && read_descriptor(bytes, offset, VW_SNIFF_DESCRIPTOR_MAX, alone,
                           sniff, err) < 0)
        return -1;
    if (offset == 0 || offset == USUAL_DESCRIPTOR
        || bytes->size <= USUAL_DESCRIPTOR)
        return 0;
    return read_descriptor(bytes, USUAL_DESCRIPTOR, 20 * SECTOR, false, sniff,
                           err);
}

/* An older sparse file, "COWD". */
static int
read_cowd(const struct vw_bytes *bytes, struct vw_sniff *sniff,
          struct vtopo_error *err)
{
    unsigned char header[16];

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the VMDK header is cut short");
    sniff->virtual_size = (uint64_t)vw_le32(header + 12) * SECTOR;
    sniff->has_virtual_size = true;
    return 0;
}

int
vw_sniff_vmdk(const struct vw_bytes *bytes, struct vw_sniff *sniff,
              struct vtopo_error *err)
{
    char magic[4];

    if (vw_bytes_read(bytes, 0, magic, sizeof(magic), err) < 0)
        return -1;
    if (memcmp(magic, "KDMV", sizeof(magic)) == 0)
        return read_sparse(bytes, sniff, err);
    if (memcmp(magic, "COWD", sizeof(magic)) == 0)
        return read_cowd(bytes, sniff, err);
    if (bytes->size > VW_SNIFF_DESCRIPTOR_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VMDK descriptor has more than %u bytes",
                       VW_SNIFF_DESCRIPTOR_MAX);
    sniff->has_virtual_size = true;
    return read_descriptor(bytes, 0, bytes->size, true, sniff, err);
}
