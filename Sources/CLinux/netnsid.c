// See nssh_scan.h.
#include "nssh_scan.h"
#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/socket.h>

int nssh_netns_id(int netlink, int ns, int *id) {
    struct {
        struct nlmsghdr header;
        struct rtgenmsg family;
        // Attributes start at a multiple of four.
        char gap[NLMSG_ALIGN(sizeof(struct rtgenmsg)) - sizeof(struct rtgenmsg)];
        struct rtattr attribute;
        int32_t ns;
    } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETNSID, .nlmsg_flags = NLM_F_REQUEST},
        .attribute = {.rta_len = RTA_LENGTH(sizeof(int32_t)), .rta_type = NETNSA_FD},
        .ns = ns,
    };
    if (send(netlink, &request, sizeof request, 0) < 0) return -1;
    _Alignas(struct nlmsghdr) char answer[1024];
    ssize_t size = recv(netlink, answer, sizeof answer, 0);
    if (size < 0) return -1;
    struct nlmsghdr *header = (struct nlmsghdr *)answer;
    errno = EBADMSG;
    if (!NLMSG_OK(header, (size_t)size)) return -1;
    if (header->nlmsg_type == NLMSG_ERROR) {
        errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
        return -1;
    }
    struct rtattr *attribute = (struct rtattr *)((char *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct rtgenmsg)));
    int left = (int)(header->nlmsg_len - NLMSG_SPACE(sizeof(struct rtgenmsg)));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != NETNSA_NSID || RTA_PAYLOAD(attribute) != sizeof(int32_t)) continue;
        *id = *(int32_t *)RTA_DATA(attribute);
        return 0;
    }
    return -1;
}
