/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-work.h - a repair that is being worked out
 *
 * Who wants to change a file reads it into memory, edits it there, and puts
 * it back through its file system, into a capture of the disk.
 */

#ifndef VW_REPAIR_WORK_H
#define VW_REPAIR_WORK_H

#include "capture.h"
#include "repair-hal.h"

/* What was decided for a system, as one of its boot entries starts it. */
struct vw_hal_decision {
    const struct vw_system *system;     /* borrowed */
    struct vw_program_names names;
    struct vw_hal_job job;
    bool needed;
    bool listed;                /* its files are in a batch of the work */
    unsigned batch;
};

#define VW_DECISIONS_MAX 8u

/* Files of one volume that are to be written. */
struct vw_hal_batch {
    unsigned volume;
    struct vw_hal_files files;
};

struct vw_work {
    const struct vw_found *found;       /* borrowed, as the next two */
    struct vw_capture *capture;
    struct vw_repair *repair;
    struct vw_hal_options hal;
    bool boot_limits;           /* take them out */
    struct vw_hal_decision decisions[VW_DECISIONS_MAX];
    unsigned decisions_count;
    struct vw_hal_batch batches[VW_DECISIONS_MAX];
    unsigned batches_count;
};

/* A file in memory. */
struct vw_data {
    unsigned char *data;        /* owned; NULL: there is none */
    size_t size;
};

void vw_data_clear(struct vw_data *content);

/* Read all of @bytes, which must not be more than @max. */
int vw_data_read(const struct vw_bytes *bytes, uint64_t max,
                    struct vw_data *content, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Whether anything on the disk speaks against any write to it; the reason is
 * noted.
 */
bool vw_refuse_disk(const struct vw_work *work);

/* Whether the file at @where, with the @flags of its file system, cannot be
 * written to on volume @index; likewise.
 */
bool vw_refuse_volume(const struct vw_work *work, unsigned index,
                      const char *where, unsigned flags);

/* Make the file at @path of volume @index hold @data, and look at what came
 * of it.  @like is as for vw_volume_put().
 */
int vw_work_put(const struct vw_work *work, unsigned index, const char *path,
                const char *like, const unsigned char *data, size_t size,
                struct vtopo_error *err)
    __attribute__((nonnull(1, 3, 5, 7), warn_unused_result));

/* "PATH on partition 1" */
void vw_say_where(const struct vw_work *work, unsigned index,
                  const char *path, char *text, size_t size);

/* Whether the hive @content waits for what is in its logs; the highest number
 * in the logs beside @path.
 */
bool vw_hive_is_dirty(const struct vw_data *content);
int vw_read_logs(struct vw_volume *volume, const char *path,
                 uint32_t *ret_last, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Go over the boot store @index of the disk. */
int vw_repair_store(struct vw_work *work, unsigned index,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Add to the boot.ini *@content of store @index the entries that the chosen
 * ones need, and decide which files are written for them.
 */
int vw_hal_entries(struct vw_work *work, unsigned index, const char *where,
                   struct vw_data *content, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Drop all batches but the first @count: they will not be written. */
void vw_hal_forget(struct vw_work *work, unsigned count);

/* Write all that was decided. */
int vw_hal_apply(struct vw_work *work, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Release what the decisions hold. */
void vw_work_clear(struct vw_work *work);

#endif /* VW_REPAIR_WORK_H */
