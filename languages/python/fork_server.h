// Returns in each fork, or at once in a process that is no fork server.
void serve_forks(void);
