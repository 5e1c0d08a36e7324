/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-nbd-uri.c - a name that is an NBD URI has a server and an export, and
 * all others are refused with a reason; "json:" names are files or refused
 */

#include "fuzz.h"
#include "image/internal.h"

static void
try_json(const char *text)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *filename = NULL;
    vt_autofree char *format = NULL;

    if (vt_json_name_parse(text, &filename, &format, &err) < 0) {
        fuzz_check_failure(&err);
        if (filename != NULL || format != NULL)
            abort();
    } else if (filename == NULL || !vt_format_is_known(format)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_nbd_uri_clear) struct vt_nbd_uri uri = { .host = NULL };
    vt_autofree char *text = fuzz_text(data, size);

    (void)vt_has_protocol(text);
    (void)vt_format_by_name(text);
    if (vt_json_name_is(text)) {
        try_json(text);
        return 0;
    }
    if (vt_nbd_parse(text, &uri, &err) < 0) {
        fuzz_check_failure(&err);
        if (uri.host != NULL || uri.socket != NULL || uri.export_name != NULL)
            abort();
        return 0;
    }
    if (!vt_nbd_is_uri(text) || uri.export_name == NULL
        || (uri.host == NULL) == (uri.socket == NULL)
        || (uri.host != NULL && uri.port == NULL))
        abort();
    if (uri.host != NULL ? uri.host[0] == '\0' : uri.socket[0] == '\0')
        abort();
    return 0;
}
