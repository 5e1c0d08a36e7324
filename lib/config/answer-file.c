/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * answer-file.c - the unattended form of F5 in setup of Windows
 *
 * What stands in the file is in lib/guest/setups.c; here it gets its form.
 */

#include "base/cleanup.h"
#include "config/config.h"

#define EOL "\r\n"
#define COLUMNS 77u             /* the screen of DOS has 80 */

/* Write @text as comments indented by @indent, broken at blanks. */
static void
add_comment(struct vt_buf *out, unsigned indent, const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (column != 0 && column + 1 + length > COLUMNS) {
            vt_buf_add_string(out, EOL);
            column = 0;
        }
        if (column == 0) {
            vt_buf_printf(out, ";%*s", (int)indent, "");
            column = indent;
        }
        vt_buf_add_char(out, ' ');
        vt_buf_add(out, text, length);
        column += 1 + length;
        text += length;
        text += strspn(text, " ");
    }
    vt_buf_add_string(out, EOL);
}

/* A sentence, and below it how sure it is and where it is from. */
static void
add_claim(struct vt_buf *out, const char *text,
          const struct vt_source *source)
{
    vt_auto(vt_buf_clear) struct vt_buf from = VT_BUF_INIT;

    vt_buf_printf(&from, "%s: %s", vt_confidence_name(source->confidence),
                  source->text);
    add_comment(out, 0, text);
    add_comment(out, 2, vt_buf_string(&from));
}

static void
add_line(struct vt_buf *out, const struct vt_answer_line *line,
         const struct vt_setup *setup)
{
    add_claim(out, line->why, &line->source);
    if (line->value != NULL) {
        vt_buf_printf(out, "%s = %s" EOL, line->key, line->value);
        return;
    }
    add_claim(out, "That is how setup should spell it.",
              &setup->computer_source);
    vt_buf_printf(out, "%s = \"%s\", Retail" EOL, line->key, setup->computer);
}

void
vt_config_answer_file(struct vt_buf *out, const struct vt_setup *setup,
                      const struct vtopo_limits *limits)
{
    vt_auto(vt_buf_clear) struct vt_buf title = VT_BUF_INIT;
    const char *section = "";
    size_t editions;
    const struct vt_system *system = vt_systems_lookup(limits->osinfo,
                                                       &editions);

    vt_buf_printf(&title, "Answer file for setup of %s, made by vtopo: as if "
                  "F5 were pressed and \"%s\" chosen.",
                  system != NULL ? system->release : limits->name,
                  setup->computer);
    add_comment(out, 0, vt_buf_string(&title));
    for (size_t i = 0; i < vt_answer_notes_count; i++) {
        const struct vt_answer_note *note = &vt_answer_notes[i];

        if (!note->by_hand
            && vt_lineage_has(note->lineage, limits->generation)) {
            vt_buf_add_string(out, ";" EOL);
            add_claim(out, note->text, &note->source);
        }
    }
    for (size_t i = 0; i < vt_answer_lines_count; i++) {
        const struct vt_answer_line *line = &vt_answer_lines[i];

        if (!vt_lineage_has(line->lineage, limits->generation))
            continue;
        if (strcmp(section, line->section) != 0)
            vt_buf_printf(out, EOL "[%s]" EOL, line->section);
        section = line->section;
        add_line(out, line, setup);
    }
}
