/*
 * Shows a program's prompts: what it has printed is flushed before it waits for input.
 *
 * Standard output is a pipe here, so Perl collects it in blocks. The perl command is made to look here for
 * read() before it looks in the C library, so every way to read standard input comes by, and only when Perl's
 * own input buffer is used up. A program that only prints pays nothing.
 */
#define PERL_NO_GET_CONTEXT
#include <EXTERN.h>
#include <perl.h>

ssize_t __read(int file, void *buffer, size_t size); /* The C library's second name for its read(). */

/* What cannot be flushed now is reported by Perl itself when the program ends. */
static void show_output(pTHX)
{
    int saved_errno = errno;
    GV *selected = PL_defoutgv; /* Where print prints to: a thread's STDOUT, too, is another than PerlIO_stdout(). */

    if (selected != NULL && isGV_with_GP(selected) && GvIO(selected) != NULL && IoOFP(GvIOp(selected)) != NULL)
        PerlIO_flush(IoOFP(GvIOp(selected)));
    PerlIO_flush(PerlIO_stdout());
    errno = saved_errno;
}

ssize_t read(int file, void *buffer, size_t size)
{
    if (file == STDIN_FILENO) {
        dTHX;

        if (aTHX != NULL)
            show_output(aTHX);
    }
    return __read(file, buffer, size);
}
