/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-parts.h - the parts that vw_facts_run() puts together
 *
 * Each part writes one JSON value, whatever it finds: what cannot be read is
 * null there, and one sentence among the problems.
 */

#ifndef VW_FACTS_PARTS_H
#define VW_FACTS_PARTS_H

#include "base/json-write.h"
#include "bcd.h"
#include "bootini.h"
#include "regf.h"
#include "volume.h"

/* Strings from an image are cut to this many bytes in the answer. */
#define VW_FACTS_TEXT_MAX 255u
#define VW_PROBLEMS_MAX 64u
#define VW_ENTRIES_MAX 64u

/* What went wrong, for the end of the answer. */
struct vw_problems {
    struct {
        char where[64];
        char text[256];
    } list[VW_PROBLEMS_MAX];
    unsigned count;
};

/* Note @err as a problem of @where, and empty it. */
void vw_problem_note(struct vw_problems *problems, const char *where,
                     struct vtopo_error *err);

/* ---------------------------------------------------------- small writers */

/* Write text from an image: cut, and null for NULL. */
void vw_write_text(struct vt_json *json, const char *key, const char *text);
void vw_write_uint(struct vt_json *json, const char *key, uint64_t value);
void vw_write_null(struct vt_json *json, const char *key);
void vw_write_bool(struct vt_json *json, const char *key, bool value);

/* -------------------------------------------------------- soft look-ups */

/* As their namesakes in regf.h, but a failure counts as "not there". */
bool vw_soft_key(struct vw_hive *hive, const struct vw_key *base,
                 const char *path, struct vw_key *ret_key);
bool vw_soft_dword(struct vw_hive *hive, const struct vw_key *key,
                   const char *name, uint32_t *ret_number);
/* NULL where there is none; the caller frees it. */
char *vw_soft_string(struct vw_hive *hive, const struct vw_key *key,
                     const char *name);
bool vw_soft_strings(struct vw_hive *hive, const struct vw_key *key,
                     const char *name, struct vw_strings *ret_strings);

/* ------------------------------------------------------------------ parts */

/* The members of "system" and "software" that come from the hive; the caller
 * has opened the object and written where the hive was.
 */
void vw_facts_system(struct vt_json *json, struct vw_hive *hive);
void vw_facts_software(struct vt_json *json, struct vw_hive *hive);

/* "file", "size", "dirty", "replayed" and "log_problem". */
void vw_facts_hive(struct vt_json *json, struct vw_hive *hive,
                   const char *file, uint64_t size);

/* The object "drivers" is made of. */
void vw_facts_drivers(struct vt_json *json, struct vw_hive *hive,
                      const struct vw_key *control_set);

/* One of "hal", "kernel" and "kernel_pae".  @bytes NULL: not there; @flags
 * are those of the file.
 */
void vw_facts_file(struct vt_json *json, const char *key, const char *path,
                   const struct vw_bytes *bytes, unsigned flags,
                   bool is_kernel);

/* Whether @store starts its loader @index by default.  Not where it starts
 * something that is no loader, such as the NTLDR of an older system.
 */
bool vw_facts_is_default(const struct vw_bcd_store *store, unsigned index);

/* The value of "entries", from either kind of boot store.  @this_one tells
 * which of the entries start the system in question.
 */
void vw_facts_bcd_entries(struct vt_json *json,
                          const struct vw_bcd_store *store,
                          const bool *this_one);
void vw_facts_bootini_entries(struct vt_json *json, const char *text,
                              const struct vw_bootini *bootini,
                              const bool *this_one);

#endif /* VW_FACTS_PARTS_H */
