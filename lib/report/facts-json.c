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

static int read_facts(struct vt_json_reader *reader,
                      struct vt_setting *setting, struct vtopo_error *err);

/* The first of the systems; the others are passed over. */
static int
read_systems(struct vt_json_reader *reader, struct vt_setting *setting,
             struct vtopo_error *err)
{
    bool first = true;
    bool more;

    if (vt_json_enter(reader, '[', err) < 0)
        return -1;
    for (;; first = false) {
        if (vt_json_next_element(reader, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if ((first ? read_facts(reader, setting, err)
                   : vt_json_skip(reader, err)) < 0)
            return -1;
    }
}

static int
read_member(struct vt_json_reader *reader, struct vt_setting *setting,
            const char *key, struct vtopo_error *err)
{
    bool known;

    if (strcmp(key, "systems") == 0)
        return read_systems(reader, setting, err);
    if (strcmp(key, "osinfo") == 0)
        return read_text(reader, key, &setting->os, err);
    if (strcmp(key, "os") == 0 || strcmp(key, "edition") == 0
        || strcmp(key, "arch") == 0 || strcmp(key, "limits") == 0)
        return vt_setting_read(setting, reader, key, &known, err);
    return vt_json_skip(reader, err);
}

static int
read_facts(struct vt_json_reader *reader, struct vt_setting *setting,
           struct vtopo_error *err)
{
    const char *key;

    if (vt_json_enter(reader, '{', err) < 0)
        return -1;
    for (;;) {
        if (vt_json_next_key(reader, &key, err) < 0)
            return -1;
        if (key == NULL)
            return 0;
        if (read_member(reader, setting, key, err) < 0)
            return -1;
    }
}

int
vt_facts_read(struct vt_json_reader *reader, struct vt_setting *setting,
              struct vtopo_error *err)
{
    if (read_facts(reader, setting, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (setting->os == NULL && setting->limits.generation == NULL) {
        (void)vt_fail(err, VTOPO_BAD_INPUT,
                      "these facts name no guest system");
        return vt_hint(err, "'osinfo' or 'os' is where it would stand");
    }
    return 0;
}
