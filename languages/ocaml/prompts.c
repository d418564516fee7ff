/* Linked into every program: an input channel on descriptor 0 that is about to read flushes stdout
 * first, so that a prompt, `print_string "Name? "`, is seen although stdout is a pipe and fully
 * buffered. The linker's --wrap puts these functions between the program and the runtime's. */
#define CAML_INTERNALS
#include <string.h>
#include <caml/io.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <caml/platform.h>

extern caml_plat_mutex caml_all_opened_channels_mutex;

static struct channel *output(void)
{
    struct channel *channel;

    caml_plat_lock_blocking(&caml_all_opened_channels_mutex);
    for (channel = caml_all_opened_channels; channel != NULL; channel = channel->next)
        if (channel->fd == 1 && channel->max == NULL) /* input channels have a max */
            break;
    caml_plat_unlock(&caml_all_opened_channels_mutex);
    return channel;
}

static value flushed(value input)
{
    CAMLparam1(input);
    struct channel *channel = output();

    if (channel != NULL && channel->curr > channel->buff) {
        caml_channel_lock(channel);
        caml_flush(channel);
        caml_channel_unlock(channel);
    }
    CAMLreturn(input);
}

static int is_drained(value input)
{
    struct channel *channel = Channel(input);
    return channel->fd == 0 && channel->curr >= channel->max;
}

static int has_no_line(value input)
{
    struct channel *channel = Channel(input);
    return channel->fd == 0 && memchr(channel->curr, '\n', channel->max - channel->curr) == NULL;
}

value __real_caml_ml_input_scan_line(value input);
value __wrap_caml_ml_input_scan_line(value input)
{
    return __real_caml_ml_input_scan_line(has_no_line(input) ? flushed(input) : input);
}

value __real_caml_ml_input_char(value input);
value __wrap_caml_ml_input_char(value input)
{
    return __real_caml_ml_input_char(is_drained(input) ? flushed(input) : input);
}

value __real_caml_ml_input_int(value input);
value __wrap_caml_ml_input_int(value input)
{
    return __real_caml_ml_input_int(is_drained(input) ? flushed(input) : input);
}

value __real_caml_input_value(value input);
value __wrap_caml_input_value(value input)
{
    return __real_caml_input_value(is_drained(input) ? flushed(input) : input);
}

value __real_caml_ml_input(value input, value bytes, value offset, value length);
value __wrap_caml_ml_input(value input, value bytes, value offset, value length)
{
    CAMLparam1(bytes);
    if (is_drained(input))
        input = flushed(input);
    CAMLreturn(__real_caml_ml_input(input, bytes, offset, length));
}

value __real_caml_ml_input_bigarray(value input, value array, value offset, value length);
value __wrap_caml_ml_input_bigarray(value input, value array, value offset, value length)
{
    CAMLparam1(array);
    if (is_drained(input))
        input = flushed(input);
    CAMLreturn(__real_caml_ml_input_bigarray(input, array, offset, length));
}
