/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * findings-json.c - findings, for programs and for people
 */

#include <stdio.h>

#include "base/utf8.h"
#include "report/findings-json.h"
#include "report/words.h"

static const char *
severity_name(enum vt_severity severity)
{
    return severity == VT_PROBLEM ? "problem"
        : severity == VT_WARNING ? "warning" : "info";
}

static void
write_text(struct vt_json *json, const char *key, const char *text)
{
    vt_json_key(json, key);
    vt_json_string_or_null(json, text[0] != '\0' ? text : NULL);
}

void
vt_findings_write(struct vt_json *json, const struct vt_findings *findings)
{
    vt_json_key(json, "findings");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < findings->count; i++) {
        const struct vt_finding *finding = &findings->list[i];

        vt_json_open(json, '{');
        write_text(json, "code", finding->code);
        write_text(json, "severity", severity_name(finding->severity));
        vt_json_key(json, "text");
        vt_json_string(json, finding->text);
        write_text(json, "cure", finding->cure);
        write_text(json, "evidence", finding->evidence);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}

static const char *
mark(enum vt_severity severity)
{
    return severity == VT_PROBLEM ? "! " : severity == VT_WARNING ? "* "
        : "- ";
}

void
vt_findings_text(struct vt_buf *out, const struct vt_findings *findings)
{
    for (unsigned i = 0; i < findings->count; i++) {
        const struct vt_finding *finding = &findings->list[i];
        char text[sizeof(finding->text) + sizeof(finding->cure)
                  + sizeof("; cure: ")];
        char safe[sizeof(text)];

        (void)snprintf(text, sizeof(text), "%s%s%s", finding->text,
                       finding->cure[0] != '\0' ? "; cure: " : "",
                       finding->cure);
        vt_utf8_copy_safe(safe, sizeof(safe), text);
        vt_words_wrap(out, mark(finding->severity), safe);
    }
}
