#include "decode/input.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void motet_input_init(motet_input *input, const motet_source *source)
{
    *input = (motet_input){.source = source, .size = source->size, .source_position = UINT64_MAX};
}

void motet_input_narrow(motet_input *input, uint64_t offset, uint64_t size)
{
    offset = offset < input->size ? offset : input->size;
    input->start += offset;
    input->size = size < input->size - offset ? size : input->size - offset;
    input->position = 0;
}

size_t motet_input_read(motet_input *input, void *bytes, size_t size)
{
    const motet_source *source = input->source;
    uint64_t left = input->size - input->position;
    if (size > left) size = (size_t)left;
    if (input->failed || size == 0) return 0;

    uint64_t wanted = input->start + input->position;
    if (input->source_position != wanted) {
        if (!source->seek(source->user, wanted)) {
            input->failed = true;
            return 0;
        }
        input->source_position = wanted;
    }

    size_t done = 0;
    while (done < size) {
        int64_t count = source->read(source->user, (unsigned char *)bytes + done, size - done);
        if (count < 0) {
            input->failed = true;
            input->source_position = UINT64_MAX;
            break;
        }
        if (count == 0) break;
        done += (size_t)count;
        input->source_position += (uint64_t)count;
    }
    input->position += done;
    return done;
}

size_t motet_input_read_at(motet_input *input, uint64_t offset, void *bytes, size_t size)
{
    if (offset > input->size) return 0;
    input->position = offset;
    return motet_input_read(input, bytes, size);
}

bool motet_input_move(motet_input *input, int64_t offset, int whence)
{
    uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? input->position : input->size;
    if (offset < 0 ? (uint64_t)-offset > from : (uint64_t)offset > input->size - from) return false;
    input->position = from + (uint64_t)offset;
    return true;
}

motet_result motet_decode_failure_keep(motet_decode_failure *failure, motet_result result, const char *error)
{
    failure->result = result;
    snprintf(failure->text, sizeof(failure->text), "%s", error);
    return result;
}

motet_result motet_decode_failure_repeat(const motet_decode_failure *failure, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s", failure->text);
    return failure->result;
}

motet_result motet_decode_fail(motet_result result, char *error, size_t error_size, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error, error_size, format, values);
    va_end(values);
    return result;
}

motet_result motet_input_fail(const motet_input *input, motet_result result, char *error, size_t error_size,
                              const char *format, ...)
{
    if (input->failed) {
        return motet_decode_fail(MOTET_ERROR_IO, error, error_size, "reading failed near byte %" PRIu64,
                                 input->start + input->position);
    }
    va_list values;
    va_start(values, format);
    vsnprintf(error, error_size, format, values);
    va_end(values);
    return result;
}
