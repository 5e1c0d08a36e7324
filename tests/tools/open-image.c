/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * open-image.c - open an image as the library does, for tests in shell
 *
 *   open-image [--OPTION]... [--ask JSON] [--] IMAGE
 *   open-image [--OPTION]... --ask JSON --file ROLE=NAME... --
 *
 * Options are the members of struct vt_image_options, with dashes.  Prints a
 * line for each thing that was found out; an error is "error: CODE: MESSAGE"
 * with status 1.  --wait SECONDS holds the image open before it asks.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "image/image.h"

struct arguments {
    struct vt_image_options options;
    const char *ask;
    struct vt_image_file files[VT_IMAGE_FILES_MAX];
    size_t file_count;
    unsigned times;             /* to ask */
    unsigned wait;
};

struct flag {
    const char *name;
    size_t offset;
};
static const struct flag flags[] = {
    { .name = "--allow-outside",
      .offset = offsetof(struct vt_image_options, allow_outside) },
    { .name = "--allow-data-file",
      .offset = offsetof(struct vt_image_options, allow_data_file) },
    { .name = "--allow-json",
      .offset = offsetof(struct vt_image_options, allow_json) },
    { .name = "--allow-protocols",
      .offset = offsetof(struct vt_image_options, allow_protocols) },
    { .name = "--no-sandbox",
      .offset = offsetof(struct vt_image_options, no_sandbox) },
};

static bool
take_flag(const char *word, struct arguments *arguments)
{
    for (size_t i = 0; i < VT_COUNT(flags); i++) {
        if (strcmp(word, flags[i].name) == 0) {
            *(bool *)(void *)((char *)&arguments->options
                              + flags[i].offset) = true;
            return true;
        }
    }
    return false;
}

/* "ROLE=NAME" */
static void
take_file(char *word, struct arguments *arguments)
{
    char *name = strchr(word, '=');

    if (name == NULL || arguments->file_count == VT_IMAGE_FILES_MAX)
        exit(2);
    *name = '\0';
    arguments->files[arguments->file_count++] = (struct vt_image_file) {
        .role = word, .name = name + 1,
    };
}

static void
take_value(const char *option, char *value, struct arguments *arguments)
{
    if (strcmp(option, "--format") == 0)
        arguments->options.format = value;
    else if (strcmp(option, "--worker") == 0)
        arguments->options.worker = value;
    else if (strcmp(option, "--qemu-nbd") == 0)
        arguments->options.qemu_nbd = value;
    else if (strcmp(option, "--wall-ms") == 0)
        arguments->options.wall_ms = (unsigned)atoi(value);
    else if (strcmp(option, "--ask") == 0)
        arguments->ask = value;
    else if (strcmp(option, "--times") == 0)
        arguments->times = (unsigned)atoi(value);
    else if (strcmp(option, "--wait") == 0)
        arguments->wait = (unsigned)atoi(value);
    else if (strcmp(option, "--file") == 0)
        take_file(value, arguments);
    else
        exit(2);
}

static int
fail(const struct vtopo_error *err)
{
    printf("error: %s: %s\n", vtopo_code_name(err->code), err->message);
    if (err->hint != NULL)
        printf("hint: %s\n", err->hint);
    return EXIT_FAILURE;
}

static void
print_cage(const struct vt_image_cage *cage)
{
    printf("cage: seccomp=%d landlock=%u limits=%d\n", cage->seccomp,
           cage->landlock, cage->limits);
}

static void
print_image(const struct vt_image *image)
{
    const struct vt_image_finding *findings;
    const char *name;
    const char *format;
    uint64_t size;
    size_t count;

    printf("format: %s\n", vt_image_format(image));
    if (vt_image_virtual_size(image, &size))
        printf("size: %" PRIu64 "\n", size);
    for (size_t i = 0; vt_image_link(image, i, &name, &format); i++)
        printf("link: %s %s\n", format, name);
    findings = vt_image_findings(image, &count);
    for (size_t i = 0; i < count; i++)
        printf("finding: %s: %s\n", findings[i].code, findings[i].text);
}

static int
run_files(const struct arguments *arguments)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_image_cage cage;

    if (vt_image_ask_files(&arguments->options, arguments->files,
                           arguments->file_count, arguments->ask, &answer,
                           &cage, &err) < 0)
        return fail(&err);
    print_cage(&cage);
    printf("answer: %s\n", vt_buf_string(&answer));
    return EXIT_SUCCESS;
}

static int
run_image(const struct arguments *arguments, const char *name)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_image_closep) struct vt_image *image = NULL;

    if (vt_image_open(&arguments->options, name, &image, &err) < 0)
        return fail(&err);
    print_image(image);
    (void)fflush(stdout);
    (void)sleep(arguments->wait);
    for (unsigned i = 0; arguments->ask != NULL && i < arguments->times; i++) {
        vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;

        if (vt_image_ask(image, arguments->ask, &answer, &err) < 0)
            return fail(&err);
        print_cage(vt_image_cage(image));
        printf("answer: %s\n", vt_buf_string(&answer));
    }
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = { .times = 1 };
    int next = 1;

    for (; next < argc && strncmp(argv[next], "--", 2) == 0; next++) {
        if (strcmp(argv[next], "--") == 0) {
            next++;
            break;
        }
        if (take_flag(argv[next], &arguments))
            continue;
        if (next + 1 == argc)
            return 2;
        take_value(argv[next], argv[next + 1], &arguments);
        next++;
    }
    if (arguments.file_count != 0 && arguments.ask != NULL)
        return run_files(&arguments);
    return next == argc - 1 ? run_image(&arguments, argv[next]) : 2;
}
