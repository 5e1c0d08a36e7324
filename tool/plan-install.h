/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-install.h - "vtopo plan --install": what a new installation needs
 */

#ifndef VT_PLAN_INSTALL_H
#define VT_PLAN_INSTALL_H

#include "report/plan-json.h"
#include "setting-options.h"

struct install_args {
    const char *system, *answer_file, *floppy;
};

#define INSTALL_FIELD(type, member) offsetof(type, install.member)

#define INSTALL_OPTIONS(type)                                               \
    { .name = "install", .arg = "ID", .kind = OPTION_TEXT,                  \
      .field = INSTALL_FIELD(type, system),                                 \
      .help = "system that is to be installed anew, ID or ID/EDITION" },    \
    { .name = "answer-file", .arg = "FILE", .kind = OPTION_TEXT,            \
      .field = INSTALL_FIELD(type, answer_file),                            \
      .help = "write the winnt.sif that makes setup take the HAL" },        \
    { .name = "floppy", .arg = "FILE", .kind = OPTION_TEXT,                 \
      .field = INSTALL_FIELD(type, floppy),                                 \
      .help = "write a floppy image with that file in it" }

/* Refuse what makes no sense beside --install, or without it.  @other names
 * an option of the caller's that was given and is no part of it, or is NULL.
 */
int install_check(const struct install_args *args,
                  const struct setting_args *setting, const char *other,
                  struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Find how setup of the system that @setting names comes to a HAL for several
 * processors, and plan for that HAL.
 */
int install_choose(const struct install_args *args,
                   struct vt_setting *setting,
                   const struct vt_setup **ret_setup,
                   struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Make the answer file in @text and write the files that were asked for; both
 * or none.  The result points into all of these.
 */
int install_make(const struct install_args *args,
                 const struct vt_setup *setup,
                 const struct vt_plan_answer *answer, struct vt_buf *text,
                 struct vt_install *ret_install, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_PLAN_INSTALL_H */
