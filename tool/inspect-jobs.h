/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-jobs.h - look at many images, some at a time, and answer in order
 */

#ifndef VT_INSPECT_JOBS_H
#define VT_INSPECT_JOBS_H

#include "base/buf.h"
#include "vtopo.h"

/* Look at image @name and append the answer to @out; returns the exit status
 * of that image.  Runs in a process of its own.
 */
typedef int (*inspect_job_fn)(const void *context, const char *name,
                              struct vt_buf *out);

/* Run @job for each of @count images, @jobs at a time.  Answers are written
 * to standard output in the order of the names, each as soon as those before
 * it are; where not @packed, with an empty line between them.
 *
 * *ret_status is 1 if any image could not be read, else 2 if any held no
 * system, else 0.
 */
int inspect_jobs_run(char **names, unsigned count, unsigned jobs,
                     inspect_job_fn job, const void *context, bool packed,
                     int *ret_status, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_INSPECT_JOBS_H */
