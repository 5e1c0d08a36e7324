/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * find.c - the QMP socket of a QEMU that runs already
 *
 * Its command line names it: as "-qmp unix:PATH,...", or as a "-chardev
 * socket,id=ID,path=PATH,..." that a "-mon" in control mode points to.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "vm/qmp.h"

/* A command line is at most this long; libvirt's have some 8 KiB. */
#define COMMAND_MAX (2u << 20)

/* The words of a process, one after another, each ended by a zero byte. */
static int
read_command(pid_t pid, struct vt_buf *text, struct vtopo_error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    if (vt_read_file(path, COMMAND_MAX, text, err) < 0)
        return vt_wrap(err, "the process %d", (int)pid);
    (void)vt_buf_string(text);      /* ends it, whatever stands there */
    return 0;
}

static const char *
next_word(const struct vt_buf *text, const char *word)
{
    const char *next = word + strlen(word) + 1;

    return next < text->data + text->length ? next : NULL;
}

/* The value of @key among the comma-separated options of @word, in which a
 * doubled comma is one; false where there is none, or it is too long.
 */
static bool
read_option(const char *word, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);

    while (word != NULL) {
        bool found = strncmp(word, key, length) == 0 && word[length] == '=';
        size_t used = 0;

        if (found)
            word += length + 1;
        while (*word != '\0' && (*word != ',' || word[1] == ',')) {
            if (found && used + 1 < size)
                value[used] = *word;
            used++;
            word += *word == ',' ? 2 : 1;
        }
        if (found && used < size) {
            value[used] = '\0';
            return used > 0;
        }
        word = *word == ',' ? word + 1 : NULL;
    }
    return false;
}

/* Whether a monitor in control mode uses the character device @id. */
static bool
is_control(const struct vt_buf *text, const char *id)
{
    for (const char *word = text->data; word != NULL;
         word = next_word(text, word)) {
        const char *next = next_word(text, word);
        char value[256];

        if (strcmp(word, "-mon") != 0 || next == NULL
            || !read_option(next, "chardev", value, sizeof(value))
            || strcmp(value, id) != 0)
            continue;
        return read_option(next, "mode", value, sizeof(value))
               && strcmp(value, "control") == 0;
    }
    return false;
}

/* The socket that the option @word with @value speaks of. */
static bool
take_word(const struct vt_buf *text, const char *word, const char *value,
          char *path, size_t size)
{
    char id[256];
    char file[108] = "file=";   /* an option's value, so that it is unquoted */

    if (strcmp(word, "-qmp") == 0 || strcmp(word, "-qmp-pretty") == 0) {
        if (strncmp(value, "unix:", 5) != 0)
            return false;
        (void)snprintf(file + 5, sizeof(file) - 5, "%s", value + 5);
        return read_option(file, "file", path, size);
    }
    return strcmp(word, "-chardev") == 0
           && strncmp(value, "socket", 6) == 0
           && read_option(value, "id", id, sizeof(id))
           && is_control(text, id)
           && read_option(value, "path", path, size);
}

int
vt_qmp_find(pid_t pid, char **ret_path, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    char path[108];

    if (read_command(pid, &text, err) < 0)
        return -1;
    for (const char *word = text.length > 0 ? text.data : NULL; word != NULL;
         word = next_word(&text, word)) {
        const char *value = next_word(&text, word);

        if (value == NULL
            || !take_word(&text, word, value, path, sizeof(path)))
            continue;
        *ret_path = strdup(path);
        return *ret_path != NULL ? 0 : vt_fail_memory(err);
    }
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "the process %d has no QMP socket in its command line",
                  (int)pid);
    return vt_hint(err, "start QEMU with '-qmp unix:PATH,server=on,wait=off', "
                   "or say in its monitor 'chardev-add socket,...'; domains "
                   "of libvirt are reached by --connect and --domain");
}
