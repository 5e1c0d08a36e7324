/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hostile-worker.c - a worker that was taken over by what it read
 *
 *   hostile-worker deny|kill|free ACT    do it in the cage, or without one
 *   hostile-worker without landlock|seccomp|both PROGRAM [ARGUMENT]...
 *   hostile-ACT [--no-sandbox]           a copy so named plays the worker
 *
 * "deny" and "free" say "ACT: stopped: REASON" or "ACT: done"; "kill" ends as
 * the shipped worker would.  The canary is the file "canary" in the working
 * directory, the port in the file "port" is one that somebody listens on.
 * "without" runs a program as on a kernel that lacks a part of the cage.
 * Linked with the worker's cage.c; never installed.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "cage.h"

/* What hostile acts need; made before the cage is entered. */
struct world {
    int folder;                 /* the working directory */
    int readable;               /* the canary's neighbour, open for reading */
    int writable;               /* a file that may be written to */
    int socket;                 /* where a descriptor can be had */
    in_port_t port;
};

/* Returns 0 when it was done, or -1 with errno when it was stopped. */
typedef int act(const struct world *world);

static int
act_open(const struct world *world)
{
    (void)world;
    return open("canary", O_RDONLY | O_CLOEXEC);
}

static int
act_openat(const struct world *world)
{
    return openat(world->folder, "canary", O_RDONLY | O_CLOEXEC);
}

static int
act_create(const struct world *world)
{
    (void)world;
    return open("planted", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static int
act_reopen(const struct world *world)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", world->readable);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int
act_stat(const struct world *world)
{
    struct stat info;

    (void)world;
    return stat("canary", &info);
}

static int
act_unlink(const struct world *world)
{
    return unlinkat(world->folder, "planted", 0);
}

static int
act_chmod(const struct world *world)
{
    return fchmod(world->writable, 0777);
}

static int
act_truncate(const struct world *world)
{
    return ftruncate(world->writable, 4096);
}

static int
act_write(const struct world *world)
{
    return pwrite(world->writable, "hostile", 7, 0) == 7 ? 0 : -1;
}

static int
act_write_fd(const struct world *world)
{
    return write(world->writable, "hostile", 7) == 7 ? 0 : -1;
}

static int
connect_to(const struct world *world, int type)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(world->port),
        .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    int fd = socket(AF_INET, type, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    return send(fd, "hostile\n", 8, MSG_NOSIGNAL) == 8 ? 0 : -1;
}

static int
act_connect(const struct world *world)
{
    return connect_to(world, SOCK_STREAM);
}

static int
act_datagram(const struct world *world)
{
    return connect_to(world, SOCK_DGRAM);
}

static int
act_unix(const struct world *world)
{
    int pair[2];

    (void)world;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

/* Take the descriptor that somebody sends. */
static int
act_receive(const struct world *world)
{
    char space[CMSG_SPACE(sizeof(int))];
    char byte;
    struct iovec text = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1,
        .msg_control = space, .msg_controllen = sizeof(space),
    };

    if (recvmsg(world->socket, &message, 0) != 1)
        return -1;
    return message.msg_controllen > 0 ? 0 : -1;
}

static int
act_exec(const struct world *world)
{
    char *const argv[] = { (char *)(uintptr_t)"true", NULL };

    (void)world;
    /* Success does not return. */
    return execv("/bin/true", argv);
}

static int
act_fork(const struct world *world)
{
    pid_t pid;

    (void)world;
    pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : waitpid(pid, NULL, 0) < 0 ? -1 : 0;
}

static int
act_vfork(const struct world *world)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    (void)world;
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int
run_thread(void *nothing)
{
    (void)nothing;
    return 0;
}

static int
act_thread(const struct world *world)
{
    static char stack[65536] __attribute__((aligned(16)));

    (void)world;
    return clone(run_thread, stack + sizeof(stack),
                 CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0 ? -1 : 0;
}

static int
act_memory(const struct world *world)
{
    static char *blocks[2048];

    (void)world;
    for (unsigned i = 0; i < VT_COUNT(blocks); i++) {
        blocks[i] = malloc(1u << 20);
        if (blocks[i] == NULL)
            return -1;
        memset(blocks[i], 1, 1u << 20);
    }
    return 0;
}

static int
act_code(const struct world *world)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)world;
    return page == MAP_FAILED ? -1 : 0;
}

static int
act_protect(const struct world *world)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)world;
    if (page == MAP_FAILED)
        return -1;
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int
act_ptrace(const struct world *world)
{
    (void)world;
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? -1 : 0;
}

static int
act_signal(const struct world *world)
{
    (void)world;
    return kill(getppid(), SIGURG);
}

static int
act_limits(const struct world *world)
{
    const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

    (void)world;
    return setrlimit(RLIMIT_AS, &more);
}

static int
act_uring(const struct world *world)
{
    char parameters[256] = { 0 };

    (void)world;
    return syscall(425, 4, parameters) < 0 ? -1 : 0;
}

static int
act_namespace(const struct world *world)
{
    (void)world;
    return unshare(CLONE_NEWUSER);
}

/* The ways to be a bad worker without a system call; they never return. */
static int
act_spin(const struct world *world)
{
    volatile unsigned count = 0;

    while (world != NULL)
        count++;
    return 0;
}

static int
act_hang(const struct world *world)
{
    char byte;

    /* One byte is there, then there is nothing. */
    for (;;)
        if (recv(world->socket, &byte, 1, 0) < 0)
            return -1;
}

static int
act_crash(const struct world *world)
{
    volatile char *page = mmap(NULL, 4096, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)world;
    return *page;
}

static int
act_flood(const struct world *world)
{
    static char page[65536];

    (void)world;
    memset(page, ' ', sizeof(page));
    while (write(STDOUT_FILENO, page, sizeof(page)) > 0)
        continue;
    return -1;
}

static int
act_gibberish(const struct world *world)
{
    static const char text[] = "{\"answer\":{\"format\":\"raw\"";

    (void)world;
    (void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
    _exit(0);
}

/* A well-formed answer that names a file for us to open. */
static int
act_lie(const struct world *world)
{
    static const char text[] =
        "{\"sandbox\":{\"seccomp\":true,\"landlock\":7},\"answer\":"
        "{\"format\":\"qcow2\",\"seen\":\"qcow2\","
        "\"backing\":\"../../../../../../etc/passwd\","
        "\"backing_format\":\"raw\"}}";

    (void)world;
    (void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
    _exit(0);
}

static int
act_complain(const struct world *world)
{
    static const char text[] = "first line\nthe \033[31mlast\033[0m line\n";

    (void)world;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(3);
}

struct row {
    const char *name;
    act *run;
};
static const struct row acts[] = {
    { "open", act_open }, { "openat", act_openat },
    { "create", act_create }, { "reopen", act_reopen },
    { "stat", act_stat }, { "unlink", act_unlink },
    { "chmod", act_chmod }, { "truncate", act_truncate },
    { "write", act_write }, { "write-fd", act_write_fd },
    { "connect", act_connect }, { "datagram", act_datagram },
    { "unix", act_unix }, { "receive", act_receive }, { "exec", act_exec }, { "fork", act_fork },
    { "vfork", act_vfork }, { "thread", act_thread },
    { "memory", act_memory }, { "code", act_code },
    { "protect", act_protect }, { "ptrace", act_ptrace },
    { "signal", act_signal }, { "limits", act_limits },
    { "uring", act_uring }, { "namespace", act_namespace },
    { "spin", act_spin }, { "hang", act_hang }, { "crash", act_crash },
    { "flood", act_flood }, { "gibberish", act_gibberish },
    { "lie", act_lie }, { "complain", act_complain },
};

/* A socket behind which @fd waits, as a server could send it. */
static int
offer(int fd)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {
        .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
                  .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS },
    };
    char byte = 'x';
    struct iovec text = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control),
    };
    int ends[2];

    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0
        || sendmsg(ends[0], &message, 0) != 1)
        return -1;
    return ends[1];
}

static void
read_world(struct world *world)
{
    vt_autofile FILE *file = fopen("port", "r");
    unsigned port = 0;

    if (file != NULL && fscanf(file, "%5u", &port) != 1)
        port = 0;
    world->port = (in_port_t)port;
    world->folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    world->readable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    world->writable = open("writable", O_RDWR | O_CLOEXEC);
    world->socket = offer(world->folder);
}

/* Standard output as the cage allows it: printf() would look at it first. */
static void
tell(const char *outcome, const char *name, const char *why)
{
    char line[256];
    int size = snprintf(line, sizeof(line), "%s: %s%s%s\n", name, outcome,
                        why[0] != '\0' ? ": " : "", why);

    (void)!write(STDOUT_FILENO, line, (size_t)size);
}

static int
perform(const struct vw_cage_limits *limits, const char *name)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_cage_state state;
    struct world world;

    for (size_t i = 0; i < VT_COUNT(acts); i++) {
        if (strcmp(acts[i].name, name) != 0)
            continue;
        read_world(&world);
        if (limits != NULL && vw_cage_enter(limits, &state, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 98;
        }
        errno = 0;
        if (acts[i].run(&world) < 0)
            tell("stopped", name, strerror(errno));
        else
            tell("done", name, "");
        _exit(0);
    }
    fprintf(stderr, "there is no act '%s'\n", name);
    return 97;
}

/* ------------------------------------------------ kernels without a part */

#define FAIL(errnum)                                                        \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errnum))
#define LOAD(member)                                                        \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                      \
             (unsigned)offsetof(struct seccomp_data, member))
#define IF_EQUAL(value, then, otherwise)                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))

static int
run_without(const char *what, char **argv)
{
    static struct sock_filter no_landlock[] = {
        LOAD(nr), IF_EQUAL(444, 0, 1), FAIL(EOPNOTSUPP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    static struct sock_filter no_seccomp[] = {
        LOAD(nr), IF_EQUAL(SYS_seccomp, 0, 1), FAIL(ENOSYS),
        IF_EQUAL(SYS_prctl, 0, 3), LOAD(args[0]),
        IF_EQUAL(PR_SET_SECCOMP, 0, 1), FAIL(EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog first = { VT_COUNT(no_landlock), no_landlock };
    struct sock_fprog second = { VT_COUNT(no_seccomp), no_seccomp };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return 96;
    if (strcmp(what, "seccomp") != 0
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &first, 0, 0) < 0)
        return 96;
    if (strcmp(what, "landlock") != 0
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &second, 0, 0) < 0)
        return 96;
    (void)execv(argv[0], argv);
    return 95;
}

/* The act that this copy of the program is named after. */
static const char *
own_act(char *buffer, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
    const char *name;

    if (length <= 0)
        return "";
    buffer[length] = '\0';
    name = strstr(buffer, "/hostile-");
    return name == NULL ? "" : name + strlen("/hostile-");
}

int
main(int argc, char **argv)
{
    struct vw_cage_limits limits = VW_CAGE_LIMITS;
    char self[4096];

    limits.cpu_seconds = 1;
    if (argc > 3 && strcmp(argv[1], "without") == 0)
        return run_without(argv[2], argv + 3);
    limits.no_sandbox = argc == 2 && strcmp(argv[1], "--no-sandbox") == 0;
    if (argc == 1 || limits.no_sandbox)
        return perform(&limits, own_act(self, sizeof(self)));
    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "deny") == 0)
        limits.action = VW_CAGE_DENY;
    return perform(strcmp(argv[1], "free") == 0 ? NULL : &limits, argv[2]);
}
