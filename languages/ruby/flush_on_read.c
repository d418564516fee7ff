/*
 * Shows a program's prompts: what it has printed is flushed before it waits for input.
 *
 * Standard output is a pipe here, so Ruby collects it in blocks. The ruby command is made to look here for
 * read() before it looks in the C library, so every way to read standard input comes by, and only when Ruby's
 * own input buffer is used up. A program that only prints pays nothing.
 */
#include <ruby/ruby.h>
#include <ruby/io.h>
#include <ruby/thread.h>
#include <unistd.h>

ssize_t __read(int file, void *buffer, size_t size); /* The C library's second name for its read(). */

/* Ruby exports these two, but declares them in no installed header. */
int ruby_native_thread_p(void);
int ruby_thread_has_gvl_p(void);

static VALUE flush(VALUE unused)
{
    VALUE standard_output = rb_const_get(rb_cObject, rb_intern("STDOUT"));

    if (rb_stdout != standard_output && RB_TYPE_P(rb_stdout, T_FILE))
        rb_io_flush(rb_stdout);
    rb_io_flush(standard_output);
    return unused;
}

static void *show_output(void *unused)
{
    VALUE error = rb_errinfo();
    int failed = 0;

    /* What cannot be flushed now is reported by Ruby itself when the program ends. */
    rb_protect(flush, Qnil, &failed);
    if (failed)
        rb_set_errinfo(error);
    return unused;
}

ssize_t read(int file, void *buffer, size_t size)
{
    if (file == STDIN_FILENO && ruby_native_thread_p()) {
        /* Ruby lets go of its lock for the time of a read: take it back for the flush. */
        if (ruby_thread_has_gvl_p())
            show_output(NULL);
        else
            rb_thread_call_with_gvl(show_output, NULL);
    }
    return __read(file, buffer, size);
}
