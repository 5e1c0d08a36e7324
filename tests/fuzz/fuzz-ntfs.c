/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-ntfs.c - no NTFS volume crashes its reader or keeps it for ever
 *
 * The input is a list of changes to a small volume that mkntfs makes when
 * the program starts: three bytes say where, one what to put there.  Only
 * blocks that hold something are counted, so every change meets metadata.
 * The library may leak and stumble over a volume, but not crash; whatever is
 * read must end.  NTFS_BASE names another base than mkntfs makes.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzz.h"
#include "ntfs.h"

#define BASE_SIZE   (2u << 20)
#define BLOCK       512u
#define BLOCKS      (BASE_SIZE / BLOCK)
#define PATCHES_MAX 64u
#define READ_MAX    65536u
#define NAMES_MAX   64u

int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__lsan_default_suppressions(void);

/* Asked by LeakSanitizer: the library forgets some of what it allocated when
 * a volume cannot be mounted.  Its callers are all in this file and ntfs.c,
 * whose leaks show in the other tests.
 */
const char *
__lsan_default_suppressions(void)
{
    return "leak:libntfs-3g\nleak:ntfs_malloc\nleak:ntfs_calloc\n";
}

static uint8_t base[BASE_SIZE];
static uint32_t used[BLOCKS];
static size_t used_count;

static void
load_base(const char *path)
{
    vt_autofile FILE *file = fopen(path, "rb");

    if (file == NULL || fread(base, 1, BASE_SIZE, file) != BASE_SIZE) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void
make_base(void)
{
    char path[] = "/tmp/fuzz-ntfs-XXXXXX";
    vt_autofree char *command = NULL;
    vt_autoclose int fd = mkstemp(path);

    if (fd < 0 || ftruncate(fd, BASE_SIZE) < 0
        || asprintf(&command, "PATH=$PATH:/usr/sbin:/sbin; command -v mkntfs "
                    ">/dev/null || exit 77; exec mkntfs -q -F -p 0 -s 512 "
                    "-H 16 -S 63 -c 512 %s >/dev/null 2>&1", path) < 0)
        abort();
    switch (WEXITSTATUS(system(command))) {
    case 0:
        load_base(path);
        (void)unlink(path);
        return;
    case 77:
        (void)unlink(path);
        puts("1..0 # SKIP mkntfs is missing");
        exit(EXIT_SUCCESS);
    default:
        (void)unlink(path);
        fputs("mkntfs makes no volume\n", stderr);
        exit(EXIT_FAILURE);
    }
}

static void
prepare(void)
{
    static const uint8_t zeros[BLOCK];

    if (used_count > 0)
        return;
    if (getenv("NTFS_BASE") != NULL)
        load_base(getenv("NTFS_BASE"));
    else
        make_base();
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const uint8_t *block = base + (size_t)i * BLOCK;
        bool same = i > 0 && memcmp(block, block - BLOCK, BLOCK) == 0;

        if (memcmp(block, zeros, BLOCK) != 0 && !same)
            used[used_count++] = i;
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    prepare();
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
    struct { size_t at; uint8_t was; } undo[PATCHES_MAX];
    struct vw_memory memory = { base, BASE_SIZE };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    size_t count = 0;

    prepare();
    for (; size >= 4 && count < PATCHES_MAX; data += 4, size -= 4) {
        size_t where = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;

        where %= used_count * BLOCK;
        undo[count].at = (size_t)used[where / BLOCK] * BLOCK + where % BLOCK;
        undo[count].was = base[undo[count].at];
        base[undo[count].at] = data[3];
        count++;
    }
    use_volume(&bytes);
    while (count-- > 0)
        base[undo[count].at] = undo[count].was;
    return 0;
}
