/* LD_PRELOAD for keepalived on a machine without IPVS: every netlink question to it is answered with "done", so that the checkers run. */
struct nl_sock;
struct nl_msg;
typedef int (*callback)(struct nl_msg *, void *);

enum { FINISH = 1, ACK = 4, KINDS = 8, FAMILY = 99 };
static callback calls[KINDS];
static void *arguments[KINDS];

int genl_connect(struct nl_sock *sock) { return sock == 0; }
int genl_ctrl_resolve(struct nl_sock *sock, const char *name) { return sock && name ? FAMILY : -1; }
int nl_send_auto(struct nl_sock *sock, struct nl_msg *message) { return sock && message ? 1 : -1; }

int nl_socket_modify_cb(struct nl_sock *sock, int type, int kind, callback call, void *argument) {
  (void)kind;
  if (type < 0 || type >= KINDS) return -1;
  calls[type] = call;
  arguments[type] = argument;
  return sock == 0;
}

int nl_recvmsgs_default(struct nl_sock *sock) {
  for (int type = FINISH; type <= ACK; type += ACK - FINISH)
    if (calls[type]) calls[type](0, arguments[type]);
  return sock == 0;
}
