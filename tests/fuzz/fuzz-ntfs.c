/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-ntfs.c - no NTFS volume crashes its reader or keeps it for ever
 *
 * The input is a list of changes to a small volume (see ntfs-base.h).  The
 * library may leak and stumble over a volume, but not crash; whatever is read
 * must end.
 */

#include "ntfs-base.h"
#include "ntfs.h"

#define READ_MAX    65536u
#define NAMES_MAX   64u

int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    prepare(NULL);
    return 0;
}

struct names {
    unsigned count;
    char name[NAMES_MAX][VW_NAME_SIZE];
};

static bool
keep_name(void *context, const struct vw_entry *entry)
{
    struct names *names = context;

    if (strlen(entry->name) >= VW_NAME_SIZE)
        abort();
    strcpy(names->name[names->count++], entry->name);
    return names->count < NAMES_MAX;
}

static void
read_path(struct vw_ntfs *ntfs, const char *path)
{
    static uint8_t data[READ_MAX];
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found = false;
    size_t size;

    if (vw_ntfs_find(ntfs, path, &file, &found, &err) < 0) {
        fuzz_check_failure(&err);
        return;
    }
    if (!found)
        return;
    size = file.bytes.size < READ_MAX ? (size_t)file.bytes.size : READ_MAX;
    if (vw_bytes_read(&file.bytes, 0, data, size, &err) < 0)
        fuzz_check_failure(&err);
    vtopo_error_clear(&err);
    if (size > 0
        && vw_bytes_read(&file.bytes, file.bytes.size - 1, data, 1, &err) < 0)
        fuzz_check_failure(&err);
}

static void
explore(struct vw_ntfs *ntfs, const char *directory, unsigned depth)
{
    vt_autofree struct names *names = calloc(1, sizeof(*names));
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found;

    if (names == NULL)
        abort();
    if (vw_ntfs_list(ntfs, directory, keep_name, names, &found, &err) < 0)
        fuzz_check_failure(&err);
    for (unsigned i = 0; i < names->count && i < 8; i++) {
        vt_autofree char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, names->name[i]) < 0)
            abort();
        read_path(ntfs, path);
        if (depth < 3)
            explore(ntfs, path, depth + 1);
    }
}

static void
use_volume(const struct vw_bytes *bytes)
{
    static const char *const paths[] = {
        "$LogFile", "$Secure", "$UpCase", "$Extend/$Quota", "nothing",
        "Windows/System32/config/SYSTEM", "comp/SYSTEM", "boot.ini",
    };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_ntfs_closep) struct vw_ntfs *ntfs = NULL;
    struct vw_volume_state state;

    if (vw_ntfs_open(bytes, &ntfs, &err) < 0) {
        fuzz_check_failure(&err);
        return;
    }
    if (vw_ntfs_state(ntfs, &state, &err) < 0)
        fuzz_check_failure(&err);
    for (size_t i = 0; i < VT_COUNT(paths); i++)
        read_path(ntfs, paths[i]);
    explore(ntfs, "", 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare(NULL);
    with_changes(data, size, use_volume);
    return 0;
}
