/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts.h - the one question that the worker is asked about a disk
 */

#ifndef VW_FACTS_H
#define VW_FACTS_H

#include "base/json-write.h"
#include "message.h"

/* Answer the question about the disk or the loose files of @message.
 *
 * @reader stands before the question, an object that the parent wrote:
 *
 *   {"disk":{"kind":"raw","fd":0},
 *    "files":[{"role":"system","fd":1},...],
 *    "ask":...}
 *
 *   disk    where the disk is; not there when only loose files are given.
 *           "kind" is "raw", with a file or block device open for reading as
 *           "fd"; or "nbd", with a socket as "fd" that is connected to an NBD
 *           server before its greeting, and the name of the "export" ("" is
 *           the default one).  The contents of the export are the disk as
 *           the guest sees it.
 *   files   loose files, open for reading, at most VW_FACTS_FILES_MAX.  What
 *           a "role" means is between "ask" and this function.
 *   ask     what the caller of vt_image_ask() wrote, as it stands: one JSON
 *           value.  Unknown members are skipped.
 *
 * The process is in its cage (see cage.h) when this is called: nothing can be
 * opened, and fstat() does not work.  The descriptors are the message's.
 *
 * On success exactly one JSON value, an object, has been added to @answer.
 * On failure whatever was added is dropped, and the parent gets the code, the
 * message and the hint of @err.  An image that holds nothing of interest is
 * no failure.
 *
 * Nothing may be written to standard output; what is written to standard
 * error reaches a person only when the worker dies.
 */
int vw_facts_run(const struct vw_message *message,
                 struct vt_json_reader *reader, struct vt_json *answer,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Limits of a request. */
#define VW_FACTS_FILES_MAX 32u

#endif /* VW_FACTS_H */
