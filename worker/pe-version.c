/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pe-version.c - a version resource, and what it and the imports say of a
 * kernel (see pe.h)
 *
 * Pure: bytes in, facts out.
 */

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "pe.h"
#include "utf16.h"

struct text_row {
    const char *key;
    size_t to;                  /* where in struct vw_pe_version */
};

static const struct text_row text_rows[] = {
    { "OriginalFilename", offsetof(struct vw_pe_version, original_filename) },
    { "InternalName", offsetof(struct vw_pe_version, internal_name) },
    { "FileDescription", offsetof(struct vw_pe_version, file_description) },
    { "FileVersion", offsetof(struct vw_pe_version, file_version) },
};

/* A version resource is a tree of blocks: length, length of the value, kind,
 * key as UTF-16 with its zero, value, blocks inside; each part at a multiple
 * of four from the start of the resource.
 */
struct node {
    size_t key;                 /* offsets in the resource */
    size_t key_units;
    size_t value;
    size_t value_size;
    size_t inside;
    size_t end;
};

struct tree {
    const unsigned char *data;
    unsigned nodes;             /* read so far */
};

static size_t
align4(size_t at)
{
    return (at + 3) & ~(size_t)3;
}

/* Read the block at @at, which ends before @end. */
static bool
read_node(struct tree *tree, size_t at, size_t end, struct node *ret_node)
{
    struct node node = { .key = at + 6 };
    size_t length;
    size_t value_units;
    bool is_text;

    if (at > end || end - at < 6 || tree->nodes++ == VW_PE_NODES_MAX)
        return false;
    length = vw_le16(tree->data + at);
    if (length < 6 || length > end - at)
        return false;
    value_units = vw_le16(tree->data + at + 2);
    is_text = vw_le16(tree->data + at + 4) != 0;

    node.end = at + length;
    while (node.end - node.key >= 2 * (node.key_units + 1)
           && vw_le16(tree->data + node.key + 2 * node.key_units) != 0)
        node.key_units++;
    if (node.end - node.key < 2 * (node.key_units + 1))
        return false;
    node.value = align4(node.key + 2 * (node.key_units + 1));
    if (node.value > node.end)
        node.value = node.end;
    node.value_size = value_units * (is_text ? 2 : 1);
    if (node.value_size > node.end - node.value)
        node.value_size = node.end - node.value;
    node.inside = align4(node.value + node.value_size);
    *ret_node = node;
    return true;
}

static char
fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
key_is(const struct tree *tree, const struct node *node, const char *want)
{
    if (node->key_units != strlen(want))
        return false;
    for (size_t i = 0; i < node->key_units; i++) {
        uint16_t unit = vw_le16(tree->data + node->key + 2 * i);

        if (unit > 127 || fold((char)unit) != fold(want[i]))
            return false;
    }
    return true;
}

/* The value of @node as UTF-8, up to a zero, cut between characters. */
static void
copy_text(const struct tree *tree, const struct node *node,
          char text[VW_PE_TEXT_SIZE])
{
    const unsigned char *data = tree->data + node->value;
    size_t units = vw_utf16_length(data, node->value_size / 2);
    char all[VW_UTF8_SIZE(VW_PE_TEXT_SIZE)];
    size_t length;

    if (units > VW_PE_TEXT_SIZE)
        units = VW_PE_TEXT_SIZE;
    length = vw_utf8_from_utf16(data, units, all);
    if (length >= VW_PE_TEXT_SIZE) {
        length = VW_PE_TEXT_SIZE - 1;
        while (((unsigned char)all[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(text, all, length);
    text[length] = '\0';
}

/* The strings of one language; the first of each that is not empty stays. */
static void
read_strings(struct tree *tree, const struct node *table,
             struct vw_pe_version *version)
{
    struct node node;

    for (size_t at = table->inside; read_node(tree, at, table->end, &node);
         at = align4(node.end)) {
        for (size_t i = 0; i < VT_COUNT(text_rows); i++) {
            char *text = (char *)version + text_rows[i].to;

            if (text[0] == '\0' && key_is(tree, &node, text_rows[i].key))
                copy_text(tree, &node, text);
        }
    }
}

static void
read_fixed(const struct tree *tree, const struct node *root,
           struct vw_pe_version *version)
{
    const unsigned char *data = tree->data + root->value;

    if (root->value_size < 52 || vw_le32(data) != 0xfeef04bd)
        return;
    version->has_numbers = true;
    for (size_t i = 0; i < 4; i++) {
        /* Two words of 32 bits each, the higher half first. */
        size_t half = 4 * (i / 2) + (i % 2 == 0 ? 2 : 0);

        version->file[i] = vw_le16(data + 8 + half);
        version->product[i] = vw_le16(data + 16 + half);
    }
    version->flags = vw_le32(data + 28) & vw_le32(data + 24);
    version->is_debug = (version->flags & 1) != 0;
}

void
vw_pe_parse_version(const unsigned char *data, size_t size,
                    struct vw_pe_version *ret_version)
{
    struct vw_pe_version version = { .found = VW_PE_UNKNOWN };
    struct tree tree = { .data = data };
    struct node root;
    struct node info;
    struct node table;

    *ret_version = version;
    if (!read_node(&tree, 0, size, &root)
        || !key_is(&tree, &root, "VS_VERSION_INFO"))
        return;
    read_fixed(&tree, &root, &version);
    for (size_t at = root.inside; read_node(&tree, at, root.end, &info);
         at = align4(info.end)) {
        if (!key_is(&tree, &info, "StringFileInfo"))
            continue;
        for (size_t in = info.inside; read_node(&tree, in, info.end, &table);
             in = align4(table.end))
            read_strings(&tree, &table, &version);
    }
    version.found = VW_PE_YES;
    *ret_version = version;
}

/* ------------------------------------------------------------- kernels */

struct kernel_row {
    const char *name;
    enum vw_pe_kernel kernel;
};

/* The original names of the kernels.  From NT 6 on, what is installed as
 * ntoskrnl.exe bears the name of the multiprocessor kernel.
 */
static const struct kernel_row kernel_rows[] = {
    { "ntoskrnl.exe", VW_PE_KERNEL_UNIPROCESSOR },
    { "ntkrnlpa.exe", VW_PE_KERNEL_UNIPROCESSOR },
    { "ntkrnlmp.exe", VW_PE_KERNEL_MULTIPROCESSOR },
    { "ntkrpamp.exe", VW_PE_KERNEL_MULTIPROCESSOR },
};

static enum vw_pe_kernel
kernel_by_name(const char *name)
{
    for (size_t i = 0; i < VT_COUNT(kernel_rows); i++)
        if (strcasecmp(name, kernel_rows[i].name) == 0)
            return kernel_rows[i].kernel;
    return VW_PE_KERNEL_UNKNOWN;
}

/* A kernel that is known not to import the function. */
static enum vw_pe_kernel
judge_without(const struct vw_pe_import *start,
              const struct vw_pe_version *version, enum vw_pe_kernel by_name)
{
    bool is_new = version->has_numbers && version->file[0] >= 6;

    if (by_name == VW_PE_KERNEL_MULTIPROCESSOR)
        return is_new ? by_name : VW_PE_KERNEL_UNKNOWN;
    if (is_new || start->library != VW_PE_YES)
        return VW_PE_KERNEL_UNKNOWN;
    /* Those before NT 3.5 have no version resource. */
    return by_name == VW_PE_KERNEL_UNIPROCESSOR || version->found == VW_PE_NO
           ? VW_PE_KERNEL_UNIPROCESSOR : VW_PE_KERNEL_UNKNOWN;
}

enum vw_pe_kernel
vw_pe_judge_kernel(const struct vw_pe_import *start,
                   const struct vw_pe_version *version)
{
    enum vw_pe_kernel by_name = kernel_by_name(version->original_filename);

    switch (start->symbol) {
    case VW_PE_YES:
        return VW_PE_KERNEL_MULTIPROCESSOR;
    case VW_PE_NO:
        return judge_without(start, version, by_name);
    case VW_PE_UNKNOWN:
        return by_name;
    }
    return VW_PE_KERNEL_UNKNOWN;
}
