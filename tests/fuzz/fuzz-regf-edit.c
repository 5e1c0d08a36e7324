/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-regf-edit.c - no hive crashes the editor; one that it takes reads
 * after an edit as before, but for what was edited, and is sound again; one
 * that it does not take, and an edit that fails, changes nothing
 *
 * An input is a head of 3 bytes, and then a hive:
 *
 *   u8 flags, 1: put the checksum right, 2: shorten a value, else delete
 *   u8 which key, in the order of a walk
 *   u8 the size that a value is to have
 *
 * The first 512 bytes of the hive are its base block, the others its bins, as
 * in fuzz-regf.c.
 */

#include "base/crc32.h"
#include "fuzz.h"
#include "regf-edit.h"
#include "regf-hive.h"
#include "../unit/raw-bytes.h"

#define HEAD 3u
#define ROWS_MAX 2000u
#define DEPTH_MAX 40u

struct image {
    unsigned char *data;        /* owned */
    size_t size;
};

static void
clear_image(struct image *image)
{
    free(image->data);
}

static void
make_image(struct image *image, const uint8_t *data, size_t size, bool right)
{
    size_t base = size < VW_BASE_SIZE ? size : VW_BASE_SIZE;
    size_t bins = size - base;

    image->size = 4096 + (bins + 4095) / 4096 * 4096;
    image->data = calloc(1, image->size);
    if (image->data == NULL)
        abort();
    memcpy(image->data, data, base);
    if (bins > 0)
        memcpy(image->data + 4096, data + base, bins);
    if (right)
        put32(image->data + 508, vw_base_sum(image->data));
}

/* ------------------------------------------------------------------ walk */

/* A key: where it is, and a sum over all that it says and has. */
struct row {
    uint32_t parent, cell, sum;
    bool has_value;
};

struct walk {
    struct vw_hive *hive;
    struct row rows[ROWS_MAX];
    unsigned count;
    bool too_many;
};

static uint32_t
add_value(struct vw_hive *hive, const struct vw_value *value, uint32_t sum)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *data = NULL;
    vt_autofree char *name = NULL;
    unsigned char head[8];
    size_t size;

    put32(head, value->type);
    put32(head + 4, value->size);
    sum = vt_crc32(sum, head, sizeof(head));
    if (vw_value_name(hive, value, &name, &err) < 0)
        abort();
    sum = vt_crc32(sum, (unsigned char *)name, strlen(name) + 1);
    if (vw_value_data(hive, value, VW_HIVE_DATA_MAX, &data, &size, &err) == 0)
        sum = vt_crc32(sum, data, size);
    return sum;
}

/* Add a row for @key.  Names that cannot be are the reader's business. */
static void
add_row(struct walk *walk, uint32_t parent, const struct vw_key *key)
{
    struct row row = { .parent = parent, .cell = key->cell };

    for (uint32_t i = 0; i < key->values; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_value value;

        if (vw_key_value_at(walk->hive, key, i, &value, &err) == 0)
            row.sum = add_value(walk->hive, &value, row.sum);
        row.has_value = true;
    }
    walk->rows[walk->count++] = row;
}

static void
walk_keys(struct walk *walk, uint32_t parent, const struct vw_key *key,
          unsigned depth)
{
    struct vw_children children = VW_CHILDREN_INIT(*key);
    bool more = true;

    if (walk->count == ROWS_MAX || depth == DEPTH_MAX) {
        walk->too_many = true;
        return;
    }
    add_row(walk, parent, key);
    while (more && !walk->too_many) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_key child;

        if (vw_children_next(walk->hive, &children, &child, &more, &err) < 0)
            walk->too_many = true;      /* a name that cannot be */
        else if (more)
            walk_keys(walk, key->cell, &child, depth + 1);
    }
}

/* All of @image; false where the reader does not go through it. */
static bool
walk_image(const struct image *image, struct walk *walk)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { image->data, image->size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct vw_key root;

    if (vw_hive_open(&bytes, NULL, 0, &hive, &err) < 0)
        return false;
    if (vw_hive_root(hive, &root, &err) < 0)
        abort();
    walk->hive = hive;
    walk_keys(walk, VW_NOWHERE, &root, 0);
    return !walk->too_many;
}

/* ------------------------------------------------------------------ edit */

/* Edit the key of row @at; false, and nothing has changed, where it cannot
 * be.
 */
static bool
edit_row(const struct image *image, const struct row *row, bool shorten,
         size_t size)
{
    static const unsigned char data[256];
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;
    int rc;

    if (vw_edit_open(image->data, image->size, &edit, &err) < 0)
        abort();                /* it could a moment ago */
    rc = shorten ? vw_edit_shorten(edit, row->cell, "v", data, size, &err)
                 : vw_edit_delete_key(edit, row->parent, row->cell, &err);
    if (rc < 0) {
        fuzz_check_failure(&err);
        return false;
    }
    vw_edit_finish(edit, 0);
    return true;
}

/* @after must be @before, but for the row @at. */
static void
compare(const struct walk *before, const struct walk *after, unsigned at,
        bool shorten)
{
    unsigned other = 0;

    if (after->count != before->count - !shorten)
        abort();
    for (unsigned i = 0; i < before->count; i++) {
        const struct row *old = &before->rows[i];

        if (i == at && !shorten)
            continue;
        if (old->cell != after->rows[other].cell
            || old->parent != after->rows[other].parent
            || (i != at && old->sum != after->rows[other].sum))
            abort();
        other++;
    }
}

static void
check_sound(const struct image *image)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_edit_closep) struct vw_edit *edit = NULL;

    if (vw_edit_open(image->data, image->size, &edit, &err) < 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct walk before, after;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(clear_image) struct image image = { NULL, 0 };
    vt_auto(clear_image) struct image old = { NULL, 0 };
    struct vw_edit *edit = NULL;
    bool shorten;
    unsigned at;

    if (size < HEAD)
        return 0;
    shorten = (data[0] & 2) != 0;
    make_image(&image, data + HEAD, size - HEAD, (data[0] & 1) != 0);
    make_image(&old, data + HEAD, size - HEAD, (data[0] & 1) != 0);
    if (vw_edit_open(image.data, image.size, &edit, &err) < 0) {
        fuzz_check_failure(&err);
        if (edit != NULL || memcmp(image.data, old.data, old.size) != 0)
            abort();
        return 0;
    }
    vw_edit_close(edit);
    memset(&before, 0, sizeof(before));
    memset(&after, 0, sizeof(after));
    if (!walk_image(&old, &before))
        return 0;
    at = data[1] % before.count;
    if (!edit_row(&image, &before.rows[at], shorten, data[2])) {
        if (memcmp(image.data, old.data, old.size) != 0)
            abort();
        return 0;
    }
    check_sound(&image);
    if (!walk_image(&image, &after))
        abort();
    compare(&before, &after, at, shorten);
    return 0;
}
