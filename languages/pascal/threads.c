/* Stands before the C library's libpthread.so.0, which has been empty since all is in libc.so.6:
 * Free Pascal's unit cthreads opens it by name, and finds what is not here in the C library.
 *
 * Free Pascal asks for a scheduling of its own for each thread, and means the usual one. The C
 * library would set it with sched_setscheduler on the new thread, which the sandbox refuses, since
 * the number of another process could stand there; and the thread would not start. Left alone, a
 * thread has the scheduling of the one that made it, which is the same.
 */
#include <pthread.h>

int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit) {
    (void)attributes;
    (void)inherit;
    return 0;
}
