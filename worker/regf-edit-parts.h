/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * regf-edit-parts.h - what the files of the hive editor share
 *
 * regf-edit-check.c opens a hive and looks it over, regf-edit.c changes it:
 * what the one has found sound, the other does not check again.
 */

#ifndef VW_REGF_EDIT_PARTS_H
#define VW_REGF_EDIT_PARTS_H

#include "regf-edit.h"
#include "regf-hive.h"

/* Cells begin and end at multiples of it. */
#define VW_EDIT_UNIT 8u

/* Parts of a key node, by their offsets. */
#define VW_NK_FLAGS 2u
#define VW_NK_CHILDREN 20u
#define VW_NK_CHILDREN_LIST 28u
#define VW_NK_VALUES 36u
#define VW_NK_VALUES_LIST 40u
#define VW_NK_SECURITY 44u
#define VW_NK_CLASS 48u
#define VW_NK_LONGEST_CHILD 52u /* 16 bits; flags are behind */
#define VW_NK_LONGEST_CLASS 56u
#define VW_NK_CLASS_LENGTH 74u
#define VW_NK_NAME 76u
#define VW_NK_PREDEFINED 0x0040u

/* Parts of a value. */
#define VW_VK_SIZE 4u
#define VW_VK_DATA 8u
#define VW_VK_FLAGS 16u
#define VW_VK_NAME 20u
#define VW_VK_RESIDENT 0x80000000u

/* Parts of a key's security. */
#define VW_SK_COUNT 12u
#define VW_SK_HEADER 20u

/* What is known of the place of a cell. */
enum vw_mark {
    VW_MARK_NONE,
    VW_MARK_FREE,
    VW_MARK_USED,               /* by nothing that was seen yet */
    VW_MARK_TREE,
    VW_MARK_SECURITY,           /* shared by keys */
};

struct vw_edit {
    unsigned char *image;       /* borrowed */
    unsigned char *bins;        /* in it */
    uint32_t size;              /* of the bins */
    uint32_t root;
    unsigned char *marks;       /* owned: an enum vw_mark for each unit */
};

/* A cell's data. */
struct vw_cell_data {
    unsigned char *at;
    uint32_t size;
};

/* A list of keys, or of such lists. */
struct vw_child_list {
    uint32_t offset;
    unsigned char *elements;
    unsigned count;
    unsigned stride;            /* bytes an element */
    bool is_index;
};

/* Fail, since the hive is damaged at @offset of its bins. */
int vw_edit_damaged(uint32_t offset, const char *what,
                    struct vtopo_error *err);

/* What is known of the place @offset, which may be any number. */
enum vw_mark vw_edit_mark(const struct vw_edit *edit, uint32_t offset);
void vw_edit_set_mark(struct vw_edit *edit, uint32_t offset,
                      enum vw_mark mark);

/* The data of a cell in use. */
struct vw_cell_data vw_edit_data(const struct vw_edit *edit, uint32_t offset);

/* Whether @size bytes, of which @data is the first cell, are too many for one
 * cell.
 */
bool vw_edit_is_segmented(uint32_t size, const struct vw_cell_data *data);

/* How many values the key in @key has, and whether it has a class. */
uint32_t vw_edit_values(const struct vw_cell_data *key);
bool vw_edit_has_class(const struct vw_cell_data *key);

/* A list that was found sound before, and what stands in one. */
struct vw_child_list vw_edit_list(const struct vw_edit *edit, uint32_t offset);
uint32_t vw_edit_element(const struct vw_child_list *list, unsigned index);

#endif /* VW_REGF_EDIT_PARTS_H */
