/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * file.c - what readers of file systems share (see file.h)
 */

#include <inttypes.h>
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

int
vw_path_follow(const char *path, vw_path_step *step, void *context,
               bool *ret_found, struct vtopo_error *err)
{
    const char *part;
    size_t length;
    bool found = true;

    for (unsigned depth = 0; found && vw_path_next(&path, &part, &length);
         depth++) {
        if (depth == VW_PATH_DEPTH_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "a path has more than %u parts",
                           VW_PATH_DEPTH_MAX);
        if (step(context, part, length, &found, err) < 0)
            return -1;
    }
    *ret_found = found;
    return 0;
}

int
vw_path_split(const char *path, char **ret_folder, const char **ret_name,
              size_t *ret_length, struct vtopo_error *err)
{
    const char *rest = path;
    const char *name = NULL;
    size_t length = 0;
    char *folder;

    while (vw_path_next(&rest, &name, &length))
        ;
    if (name == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "a path names no file");
    folder = strndup(path, (size_t)(name - path));
    if (folder == NULL)
        return vt_fail_memory(err);
    *ret_folder = folder;
    *ret_name = name;
    *ret_length = length;
    return 0;
}

/* How many characters at the beginning of @name a DOS name may have. */
static size_t
dos_span(const char *name, size_t length)
{
    static const char signs[] = "$%'-_@~`!(){}^#&";
    size_t span = 0;

    while (span < length && name[span] != '\0'
           && ((name[span] >= 'a' && name[span] <= 'z')
               || (name[span] >= 'A' && name[span] <= 'Z')
               || (name[span] >= '0' && name[span] <= '9')
               || strchr(signs, name[span]) != NULL))
        span++;
    return span;
}

int
vw_name_check_dos(const char *name, size_t length, struct vtopo_error *err)
{
    size_t base = dos_span(name, length);
    size_t extension = 0;
    bool good = base > 0 && base <= 8;

    if (good && base < length) {
        extension = dos_span(name + base + 1, length - base - 1);
        good = name[base] == '.' && extension > 0 && extension <= 3
               && base + 1 + extension == length;
    }
    if (good)
        return 0;
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "a new file must have a name of DOS, of up to eight "
                   "letters and an extension of up to three, not '%.*s'",
                   (int)length, name);
}

int
vw_file_fail_room(uint64_t needed, uint64_t available,
                  struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "the volume has no room: %" PRIu64 " bytes are needed, "
                   "and %" PRIu64 " are free", needed, available);
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
    else if ((flags & VW_FILE_PIECES) != 0)
        why = "it is in several pieces";
    return vt_fail(err, VTOPO_IMPOSSIBLE, "a file cannot be read: %s", why);
}
