/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-file.c - reading files whole, finding programs, summing bytes
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/file.h"
#include "base/paths.h"
#include "unit.h"

/* Where the tests make their files; every one of them is in it. */
static char folder[] = "/tmp/vtopo-test-file-XXXXXX";

/* The path of @name in the folder, until the next call. */
static const char *
path_of(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void
make_file(const char *name, size_t size, mode_t mode)
{
    vt_autoclose int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC,
                               mode);

    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(write(fd, &"0123456789"[i % 10], 1), 1);
}

static int
make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    make_file("empty", 0, 0600);
    make_file("ten", 10, 0600);
    make_file("large", 200000, 0600);
    make_file("helper", 1, 0700);
    make_file("no-program", 1, 0600);
    if (mkfifo(path_of("pipe"), 0600) < 0 || mkdir(path_of("one"), 0700) < 0
        || mkdir(path_of("two"), 0700) < 0)
        return -1;
    make_file("two/helper", 1, 0700);
    make_file("two/other", 1, 0700);
    make_file("one/other", 1, 0600);
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {
        "empty", "ten", "large", "helper", "no-program", "pipe", "two/helper",
        "two/other", "one/other",
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(names); i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(path_of("one"));
    (void)rmdir(path_of("two"));
    return rmdir(folder);
}

/* -------------------------------------------------------------- sums */

/* The first is the value that catalogues of CRCs check this one by; zlib agrees
 * on all of them.
 */
static void
sums_are_those_of_ethernet(void **state)
{
    static const struct {
        const char *says;
        const char *bytes;
        size_t size;
        uint32_t want;
    } rows[] = {
        { "the check value", "123456789", 9, 0xcbf43926 },
        { "nothing", "", 0, 0 },
        { "one letter", "a", 1, 0xe8b7be43 },
        { "a word", "abc", 3, 0x352441c2 },
        { "a sentence", "The quick brown fox jumps over the lazy dog", 43,
          0x414fa339 },
        { "zeros count", "\0\0\0\0", 4, 0x2144df1c },
        { "all bits", "\xff\xff\xff\xff", 4, 0xffffffff },
        { "bytes above 127", "\x80\x81\xfe", 3, 0x66e9b483 },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        const unsigned char *bytes = (const unsigned char *)rows[i].bytes;

        UNIT_ROW(i, rows[i].says);
        assert_int_equal(vt_crc32(0, bytes, rows[i].size), rows[i].want);
        /* In two pieces, wherever it is cut. */
        for (size_t cut = 0; cut <= rows[i].size; cut++)
            assert_int_equal(vt_crc32(vt_crc32(0, bytes, cut), bytes + cut,
                                      rows[i].size - cut), rows[i].want);
    }
}

/* ----------------------------------------------------------- reading */

struct file_row {
    const char *says;
    const char *name;
    size_t most;
    size_t length;
    const char *want;           /* the end of the message */
};
static const struct file_row files[] = {
    { "a file below the limit", "ten", 11, 10, NULL },
    { "at the limit", "ten", 10, 10, NULL },
    { "over the limit", "ten", 9, 0, "is larger than 9 bytes" },
    { "an empty file", "empty", 10, 0, NULL },
    { "where nothing is allowed", "empty", 0, 0, NULL },
    { "one byte where nothing is", "ten", 0, 0, "is larger than 0 bytes" },
    { "a file in several pieces", "large", 200000, 200000, NULL },
    { "and over the limit", "large", 199999, 0, "is larger than 199999 bytes" },
    { "a folder", "one", 10, 0, ": Is a directory" },
    { "a file that is not there", "none", 10, 0,
      ": No such file or directory" },
    { "a file as a folder", "ten/x", 10, 0, ": Not a directory" },
};

static bool
ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t size = strlen(end);

    return length >= size && strcmp(text + length - size, end) == 0;
}

static void
files_are_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(files); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
        const char *path = path_of(files[i].name);
        int rc;

        UNIT_ROW(i, files[i].says);
        vt_buf_add_string(&text, "before:");
        rc = vt_read_file(path, files[i].most, &text, &err);
        if (files[i].want != NULL) {
            assert_int_equal(rc, -1);
            assert_non_null(strstr(err.message, path));
            assert_true(ends_in(err.message, files[i].want));
            continue;
        }
        UNIT_RESULT(rc, &err, NULL);
        /* What was there stays, and does not count. */
        assert_int_equal(text.length, 7 + files[i].length);
        assert_memory_equal(text.data, "before:", 7);
        for (size_t k = 0; k < files[i].length; k++)
            assert_int_equal(text.data[7 + k], '0' + (int)(k % 10));
    }
}

/* Write @text into the pipe at @path, from a process of its own. */
static pid_t
write_pipe(const char *path, const char *text)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        _exit(write(fd, text, strlen(text)) < 0);
    }
    assert_true(pid > 0);
    return pid;
}

static void
a_pipe_is_read_to_its_end(void **state)
{
    static const struct {
        const char *says;
        const char *text;
        size_t most;
        const char *want;
    } rows[] = {
        { "a pipe", "0123", 10, NULL },
        { "more than may be", "0123", 3, "is larger than 3 bytes" },
        { "silence", "", 10, NULL },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
        const char *path = path_of("pipe");
        pid_t writer = write_pipe(path, rows[i].text);
        int rc = vt_read_file(path, rows[i].most, &text, &err);

        UNIT_ROW(i, rows[i].says);
        assert_int_equal(waitpid(writer, NULL, 0), writer);
        assert_int_equal(rc, rows[i].want != NULL ? -1 : 0);
        if (rows[i].want != NULL)
            assert_true(ends_in(err.message, rows[i].want));
        else
            assert_string_equal(vt_buf_string(&text), rows[i].text);
    }
}

static void
who_cannot_be_written_to_is_named(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error gone = VTOPO_ERROR_INIT;
    vt_autoclose int fd = open(path_of("ten"), O_RDONLY | O_CLOEXEC);
    int ends[2];

    (void)state;
    UNIT_RESULT(vt_write_all(fd, "the file", "x", 1, &err), &err,
                "cannot write to the file: Bad file descriptor");
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(vt_write_all(ends[1], "the reader", "x", 1, &gone), -1);
    assert_int_equal(gone.errnum, EPIPE);
    assert_int_equal(close(ends[1]), 0);
}

/* ---------------------------------------------------------- programs */

/* Put the folder in the place of every @ of @pattern. */
static void
expand(const char *pattern, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (; pattern != NULL && *pattern != '\0'; pattern++) {
        int added = *pattern == '@'
                    ? snprintf(text + length, size - length, "%s", folder)
                    : snprintf(text + length, size - length, "%c", *pattern);

        length += (size_t)added;
        assert_true(length < size);
    }
}

/* @ stands for the folder. */
static void
programs_are_found_as_by_a_shell(void **state)
{
    static const struct {
        const char *says;
        const char *path;       /* NULL: not set */
        const char *name;
        const char *want;
    } rows[] = {
        { "in the only folder", "@/two", "helper", "@/two/helper" },
        { "in the second", "@/one:@/two", "helper", "@/two/helper" },
        { "the first one counts", "@:@/two", "helper", "@/helper" },
        { "one that cannot be run does not", "@/one:@/two", "other",
          "@/two/other" },
        { "only that one", "@", "no-program", "no-program" },
        { "nowhere", "@/one:@/two", "nobody", "nobody" },
        { "a name with a slash is not searched", "@/two", "./helper",
          "./helper" },
        { "nor an absolute one", "@/two", "/nowhere/helper",
          "/nowhere/helper" },
        { "an empty PATH has none", "", "helper", "helper" },
        { "an empty folder is not this one", ":@/two:", "helper",
          "@/two/helper" },
        { "also where nothing follows", "::", "helper", "helper" },
        { "without PATH a usual one counts", NULL, "sh", NULL },
    };

    (void)state;
    /* So that an empty folder, taken for this one, would have it. */
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autofree char *found = NULL;
        char path[256];
        char want[256];

        UNIT_ROW(i, rows[i].says);
        expand(rows[i].path, path, sizeof(path));
        expand(rows[i].want, want, sizeof(want));
        assert_int_equal(rows[i].path != NULL ? setenv("PATH", path, 1)
                                              : unsetenv("PATH"), 0);
        found = vt_find_program(rows[i].name);
        assert_non_null(found);
        if (rows[i].want != NULL)
            assert_string_equal(found, want);
        else
            assert_int_equal(access(found, X_OK), 0);
    }
    assert_int_equal(chdir("/"), 0);
}

static void
folders_for_sockets_are_ours(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *const places[] = { folder, "/nowhere", NULL };
    static const char *const in[] = { folder, "/tmp/", "/tmp/" };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(places); i++) {
        char name[VT_FOLDER_SIZE];
        struct stat info;

        UNIT_ROW(i, places[i] != NULL ? places[i] : "not set");
        assert_int_equal(places[i] != NULL
                         ? setenv("XDG_RUNTIME_DIR", places[i], 1)
                         : unsetenv("XDG_RUNTIME_DIR"), 0);
        UNIT_RESULT(vt_make_folder(name, &err), &err, NULL);
        assert_int_equal(strncmp(name, in[i], strlen(in[i])), 0);
        assert_int_equal(stat(name, &info), 0);
        assert_int_equal(info.st_mode, S_IFDIR | 0700);
        assert_int_equal(rmdir(name), 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sums_are_those_of_ethernet),
    cmocka_unit_test(files_are_read_whole),
    cmocka_unit_test(a_pipe_is_read_to_its_end),
    cmocka_unit_test(who_cannot_be_written_to_is_named),
    cmocka_unit_test(programs_are_found_as_by_a_shell),
    cmocka_unit_test(folders_for_sockets_are_ours),
};

UNIT_MAIN_WITHIN(tests, make_folder, remove_folder)
