/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * file.c - what readers of file systems share (see file.h)
 */

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "file.h"

void
vw_file_close(struct vw_file *file)
{
    if (file->close != NULL)
        file->close(file->context);
    file->close = NULL;
}

static bool
is_slash(char c)
{
    return c == '/' || c == '\\';
}

bool
vw_path_next(const char **path, const char **ret_part, size_t *ret_length)
{
    const char *at = *path;
    const char *part;

    while (is_slash(*at))
        at++;
    part = at;
    while (*at != '\0' && !is_slash(*at))
        at++;
    *path = at;
    if (at == part)
        return false;
    *ret_part = part;
    *ret_length = (size_t)(at - part);
    return true;
}

void
vw_name_from_utf16(const unsigned char *units, unsigned count,
                   char ret_name[VW_NAME_SIZE])
{
    char *to = ret_name;

    if (count > VW_NAME_UNITS_MAX)
        count = VW_NAME_UNITS_MAX;
    for (unsigned i = 0; i < count; i++) {
        unsigned code = vw_le16(units + (size_t)i * 2);
        unsigned low = i + 1 < count ? vw_le16(units + (size_t)i * 2 + 2) : 0;

        if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            i++;
        } else if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
            code = 0xfffd;
        }
        to += vt_utf8_put(to, code);
    }
    *to = '\0';
}

static char
fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
vw_name_is(const char *name, const char *part, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || fold(name[i]) != fold(part[i]))
            return false;
    }
    return name[length] == '\0';
}

int
vw_file_refuse(unsigned flags, struct vtopo_error *err)
{
    const char *why = "it has no data";

    if ((flags & VW_FILE_DIRECTORY) != 0)
        why = "it is a directory";
    else if ((flags & VW_FILE_WOF) != 0)
        why = "Windows keeps it compressed in a way of its own (compact OS)";
    else if ((flags & VW_FILE_ENCRYPTED) != 0)
        why = "it is encrypted";
    else if ((flags & VW_FILE_REPARSE) != 0)
        why = "it is a link";
    return vt_fail(err, VTOPO_IMPOSSIBLE, "a file cannot be read: %s", why);
}
