/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * words.c - phrases that several texts for people share (see words.h)
 */

#include "report/words.h"
#include "topology/level.h"

static void
add_level(struct vt_buf *out, unsigned level, unsigned count, bool first)
{
    size_t length = strlen(vt_levels[level].name);

    /* All names end in a plural s. */
    vt_buf_printf(out, "%s%u %.*s", first ? "" : " of ", count,
                  (int)(length - (count == 1)), vt_levels[level].name);
}

void
vt_words_shape(struct vt_buf *out, const struct vtopo_shape *shape)
{
    bool first = true;

    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if (shape->level[i] == 1 && i != VTOPO_SOCKETS && i != VTOPO_CORES
            && i != VTOPO_THREADS)
            continue;
        add_level(out, i, shape->level[i], first);
        first = false;
    }
}

void
vt_words_wrap(struct vt_buf *out, const char *label, const char *text)
{
    size_t indent = strlen(label);
    size_t column = indent;

    vt_buf_add_string(out, label);
    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (column > indent && column + 1 + length > VT_WORDS_COLUMNS) {
            vt_buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            vt_buf_add_char(out, ' ');
            column++;
        }
        vt_buf_add(out, text, length);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    vt_buf_add_char(out, '\n');
}
