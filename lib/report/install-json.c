/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * install-json.c - what a new installation needs, as JSON (see install.h)
 */

#include "report/install.h"

static bool
is_unsure(const struct vt_source *source)
{
    return source->confidence == VTOPO_INFERRED
           || source->confidence == VTOPO_FROM_MEMORY;
}

bool
vt_install_is_inferred(const struct vt_install *install)
{
    bool inferred = install->answer != NULL
                    && is_unsure(&install->setup->computer_source);

    for (size_t i = 0; i < vt_answer_lines_count; i++) {
        const struct vt_answer_line *line = &vt_answer_lines[i];

        if (install->answer != NULL && is_unsure(&line->source)
            && vt_lineage_has(line->lineage, install->limits->generation))
            inferred = true;
    }
    return inferred;
}

static void
add_source(struct vt_json *json, const char *of,
           const struct vt_source *source)
{
    vt_json_open(json, '{');
    vt_json_key(json, "of");
    vt_json_string(json, of);
    vt_json_key(json, "source");
    vt_json_string(json, source->text);
    vt_json_key(json, "confidence");
    vt_json_string(json, vt_confidence_name(source->confidence));
    vt_json_close(json, '}');
}

/* Of every claim that was made: a line of the file is named by its key. */
static void
add_sources(struct vt_json *json, const struct vt_install *install)
{
    const char *generation = install->limits->generation;

    vt_json_key(json, "sources");
    vt_json_open(json, '[');
    add_source(json, install->setup->detects,
               &install->setup->detects_source);
    if (install->answer != NULL) {
        add_source(json, install->setup->computer,
                   &install->setup->computer_source);
        for (size_t i = 0; i < vt_answer_lines_count; i++) {
            if (vt_lineage_has(vt_answer_lines[i].lineage, generation))
                add_source(json, vt_answer_lines[i].key,
                           &vt_answer_lines[i].source);
        }
        for (size_t i = 0; i < vt_answer_notes_count; i++) {
            if (vt_lineage_has(vt_answer_notes[i].lineage, generation))
                add_source(json, vt_answer_notes[i].text,
                           &vt_answer_notes[i].source);
        }
    }
    vt_json_close(json, ']');
}

void
vt_install_write(struct vt_json *json, const struct vt_install *install)
{
    const struct vt_setup *setup = install->setup;
    const struct vt_hal *hal = setup->hal != NULL
        ? vt_hal_lookup(setup->hal) : NULL;

    vt_json_open(json, '{');
    vt_json_key(json, "detected_from");
    if (setup->detects_from != 0)
        vt_json_uint(json, setup->detects_from);
    else
        vt_json_null(json);
    vt_json_key(json, "hal");
    vt_json_string_or_null(json, setup->hal);
    vt_json_key(json, "hal_file");
    vt_json_string_or_null(json, hal != NULL ? hal->file : NULL);
    vt_json_key(json, "computer_type");
    vt_json_string_or_null(json, setup->computer);
    vt_json_key(json, "inferred");
    vt_json_bool(json, vt_install_is_inferred(install));
    add_sources(json, install);
    vt_json_key(json, "answer");
    vt_json_string_or_null(json, install->answer);
    vt_json_key(json, "answer_file");
    vt_json_string_or_null(json, install->answer_file);
    vt_json_key(json, "floppy");
    vt_json_string_or_null(json, install->floppy);
    vt_json_close(json, '}');
}
