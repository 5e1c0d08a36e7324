/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * replay.c - run a fuzz target over saved inputs, without a fuzzer
 *
 * Linked in place of libFuzzer in ordinary builds, so that every input that
 * ever broke something is a regression test for everyone.  Takes files and
 * directories of files; prints TAP.  No input at all is a failure.
 */

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned replayed;

static int
replay_file(const char *path)
{
    vt_autofile FILE *file = fopen(path, "rb");
    vt_autofree uint8_t *data = NULL;
    size_t got;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0
        || (size = ftell(file)) < 0) {
        perror(path);
        return -1;
    }
    rewind(file);
    /* Exactly as large as the input, for the sanitizers' sake. */
    data = malloc((size_t)size);
    got = data != NULL ? fread(data, 1, (size_t)size, file) : 0;
    if (got != (size_t)size) {
        perror(path);
        return -1;
    }
    printf("# %s\n", path);     /* known even if the target aborts */
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, got);
    printf("ok %u - %s\n", ++replayed, path);
    return 0;
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int
replay_directory(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort);
    int rc = 0;

    if (count < 0) {
        perror(path);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        vt_autofree char *name = NULL;

        if (asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
            abort();
        if (replay_file(name) < 0)
            rc = -1;
        free(entries[i]);
    }
    free(entries);
    return rc;
}

int
main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    for (int i = 1; i < argc; i++) {
        struct stat info;
        bool is_directory = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);

        if ((is_directory ? replay_directory : replay_file)(argv[i]) < 0)
            status = EXIT_FAILURE;
    }
    if (replayed == 0) {
        fprintf(stderr, "there is nothing to replay\n");
        status = EXIT_FAILURE;
    }
    printf("1..%u\n", replayed);
    return status;
}
