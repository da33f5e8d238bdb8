// Descriptors over unix sockets: the control messages of cmsg(3), which are macros. See nssh_sys.h.
#include "nssh_sys.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// The most that one message carries: SCM_MAX_FD of the kernel.
enum { MOST = 253 };

int nssh_socketpair(int descriptors[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors); }

ssize_t nssh_socket_send(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec part = {(void *)bytes, count};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t nssh_socket_next(int socket) { return recv(socket, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT); }

static ssize_t receive(int socket, int flags, void *bytes, size_t count, int *descriptors, int *room, int *cut) {
    struct iovec part = {bytes, count};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST * sizeof(int))];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int most = *room;
    *room = *cut = 0;
    ssize_t got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < number; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (*room < most) {
                descriptors[(*room)++] = descriptor;
            } else {
                close(descriptor);
                *cut = 1;
            }
        }
    }
    if (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) *cut = 1;
    return got;
}

ssize_t nssh_socket_receive(int socket, void *bytes, size_t count, int *descriptors, int *room, int *cut) {
    return receive(socket, 0, bytes, count, descriptors, room, cut);
}

ssize_t nssh_socket_peek(int socket, int *descriptors, int *room) {
    // A stream is looked at up to the first bytes that came with descriptors, if all that is before them fits.
    static char bytes[256 * 1024];
    int cut;
    return receive(socket, MSG_PEEK, bytes, sizeof bytes, descriptors, room, &cut);
}
