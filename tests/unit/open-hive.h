/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * open-hive.h - open a hive of hive-builder.h, and look at its root
 */

#ifndef VT_OPEN_HIVE_H
#define VT_OPEN_HIVE_H

#include "hive-builder.h"
#include "unit.h"

/* A hive in memory, opened. */
struct open_hive {
    struct vw_memory memory[4];
    struct vw_bytes bytes[4];
    struct vw_hive *hive;
};

struct log {
    const unsigned char *data;
    size_t size;
};

static inline int
open_with_logs(const struct hive_builder *builder, const struct log *logs,
               size_t count, struct open_hive *open, struct vtopo_error *err)
{
    const struct vw_bytes *given[3] = { NULL, NULL, NULL };

    memset(open, 0, sizeof(*open));
    open->memory[0] = (struct vw_memory) { builder->image, builder->size };
    open->bytes[0] = vw_bytes_memory(&open->memory[0]);
    for (size_t i = 0; i < count; i++) {
        open->memory[i + 1] = (struct vw_memory) { logs[i].data,
                                                   logs[i].size };
        open->bytes[i + 1] = vw_bytes_memory(&open->memory[i + 1]);
        given[i] = &open->bytes[i + 1];
    }
    return vw_hive_open(&open->bytes[0], given, count, &open->hive, err);
}

static inline void
close_hive(struct open_hive *open)
{
    vw_hive_close(open->hive);
    open->hive = NULL;
}

static inline struct vw_hive *
open_sound(const struct hive_builder *builder, struct open_hive *open)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    UNIT_RESULT(open_with_logs(builder, NULL, 0, open, &err), &err, NULL);
    return open->hive;
}

static inline bool
has_key(struct vw_hive *hive, const char *path)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_key key;
    bool found = false;

    UNIT_RESULT(vw_hive_lookup_path(hive, path, &key, &found, &err), &err,
                NULL);
    return found;
}

static inline struct vw_value
root_value(struct vw_hive *hive, const char *name)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value = { .type = 0 };
    struct vw_key root;
    bool found = false;

    UNIT_RESULT(vw_hive_root(hive, &root, &err), &err, NULL);
    UNIT_RESULT(vw_key_value(hive, &root, name, &value, &found, &err), &err,
                NULL);
    assert_true(found);
    return value;
}

/* The dword of the root's value "v". */
static inline uint32_t
value_v(struct vw_hive *hive)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value = root_value(hive, "v");
    uint32_t number = 0;

    UNIT_RESULT(vw_value_dword(hive, &value, &number, &err), &err, NULL);
    return number;
}

#endif /* VT_OPEN_HIVE_H */
