// Returns in each fork, which it says, or at once in a process that is no fork server.
int serve_forks(void);
