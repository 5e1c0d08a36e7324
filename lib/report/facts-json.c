/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts-json.c - facts of an installed system, as "vtopo inspect" prints them
 */

#include <string.h>

#include "base/error.h"
#include "report/facts-json.h"

/* Read a string, or null as NULL. */
static int
read_text(struct vt_json_reader *reader, const char *key,
          const char **ret_text, struct vtopo_error *err)
{
    if (vt_json_read_null(reader))
        return 0;
    return vt_json_read_string(reader, key, ret_text, err);
}

/* What is said of one system, and whether it is the one that starts. */
struct candidate {
    struct vt_setting setting;
    bool is_default;
};

static int read_facts(struct vt_json_reader *reader,
                      struct candidate *candidate, struct vtopo_error *err);

/* The system that starts by default counts, else the first. */
static int
read_systems(struct vt_json_reader *reader, struct candidate *candidate,
             struct vtopo_error *err)
{
    const struct candidate empty = { .setting = candidate->setting };
    bool first = true;
    bool more;

    if (vt_json_enter(reader, '[', err) < 0)
        return -1;
    for (;; first = false) {
        struct candidate next = empty;

        if (vt_json_next_element(reader, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if (read_facts(reader, &next, err) < 0)
            return -1;
        if (first || (next.is_default && !candidate->is_default))
            *candidate = next;
    }
}

static int
read_default(struct vt_json_reader *reader, struct candidate *candidate,
             struct vtopo_error *err)
{
    if (vt_json_read_null(reader))
        return 0;
    return vt_json_read_bool(reader, "default", &candidate->is_default, err);
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct candidate *candidate = to;
    struct vt_setting *setting = &candidate->setting;
    bool known;

    if (strcmp(key, "systems") == 0)
        return read_systems(reader, candidate, err);
    if (strcmp(key, "default") == 0)
        return read_default(reader, candidate, err);
    if (strcmp(key, "osinfo") == 0)
        return read_text(reader, key, &setting->os, err);
    if (strcmp(key, "arch") == 0 && vt_json_read_null(reader))
        return 0;
    if (strcmp(key, "os") == 0 || strcmp(key, "edition") == 0
        || strcmp(key, "arch") == 0 || strcmp(key, "limits") == 0)
        return vt_setting_read(setting, reader, key, &known, err);
    return vt_json_skip(reader, err);
}

static int
read_facts(struct vt_json_reader *reader, struct candidate *candidate,
           struct vtopo_error *err)
{
    return vt_json_read_object(reader, read_member, candidate, err);
}

int
vt_facts_read(struct vt_json_reader *reader, struct vt_setting *setting,
              struct vtopo_error *err)
{
    struct candidate candidate = { .setting = *setting };

    if (read_facts(reader, &candidate, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (candidate.setting.os == NULL && candidate.setting.limits.generation == NULL) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "these facts name no guest system");
        return vt_hint(err, "'osinfo' or 'os' is where it would stand");
    }
    *setting = candidate.setting;
    return 0;
}
