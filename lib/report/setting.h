/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setting.h - the machine, the CPU and the guest that a request names
 *
 * A setting holds what was said, from JSON or from the command line, and
 * nothing more; vt_setting_resolve() fills in the rest, and the answer then
 * repeats under "assumed" what was not said.
 */

#ifndef VT_SETTING_H
#define VT_SETTING_H

#include "base/json-read.h"
#include "base/json-write.h"
#include "vtopo.h"

/* Limits as said, to be laid over those of the tables. */
struct vt_limits_patch {
    bool any;
    const char *name;           /* of the system, or NULL */
    const char *generation;     /* id, or NULL */
    bool has_sockets, has_logical, has_numproc, has_onecpu, has_multiprocessor;
    struct vtopo_limit sockets, logical;
    unsigned numproc;           /* 0: none */
    bool onecpu;
    enum vtopo_choice multiprocessor;
    const char *hal;            /* hardware id or file, or NULL */
};

/* Strings are borrowed from the request. */
struct vt_setting {
    const char *machine;
    bool has_dialect;           /* spelt out, instead of a machine */
    struct vtopo_dialect dialect;
    bool dialect_prefers;       /* "prefer" was given */
    enum vtopo_arch arch;
    unsigned qemu;              /* VTOPO_RELEASE, or 0 */
    unsigned qemu_micro;        /* its third number, or 0 */
    bool has_cpu;
    struct vtopo_cpu cpu;
    const char *os;             /* "win7", or "win7/professional" */
    const char *edition;
    struct vt_limits_patch limits;
};

/* The same with nothing left open. */
struct vt_resolved {
    struct vtopo_dialect dialect;
    struct vtopo_cpu cpu;
    bool has_guest;
    struct vtopo_limits limits;
};

/* Read the value of @key if it is a member of a setting; *ret_known says
 * whether it is.
 */
int vt_setting_read(struct vt_setting *setting, struct vt_json_reader *reader,
                    const char *key, bool *ret_known, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The keys that vt_setting_read() knows, for messages. */
extern const char vt_setting_keys[];

int vt_setting_resolve(const struct vt_setting *setting,
                       struct vt_resolved *ret_resolved,
                       struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* "x86_64" and so on; VTOPO_ARCH_UNKNOWN where there is no such name. */
enum vtopo_arch vt_arch_parse(const char *text);
const char *vt_arch_name(enum vtopo_arch arch);

/* Write what the request left open, as the value of "assumed". */
void vt_assumed_write(struct vt_json *json, const struct vt_setting *setting,
                      const struct vt_resolved *resolved);

/* Read limits, as vt_limits_write() writes them; null is none at all. */
int vt_limits_read(struct vt_json_reader *reader,
                   struct vt_limits_patch *patch, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Lay @patch over *limits, or where @has_base is false over nothing but the
 * generation that @patch names.
 */
int vt_limits_patch_apply(const struct vt_limits_patch *patch, bool has_base,
                          struct vtopo_limits *limits,
                          struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Write limits so that vt_setting_read() reads them back. */
void vt_limits_write(struct vt_json *json, const struct vtopo_limits *limits);

#endif /* VT_SETTING_H */
