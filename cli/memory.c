#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("motet: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *motet_memory_take(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size));
}

void *motet_memory_reserve(void *list, size_t wanted, size_t *capacity, size_t size)
{
    if (wanted <= *capacity && list != NULL) {
        return list;
    }
    size_t larger = *capacity < 8 ? 8 : *capacity;
    while (larger < wanted && larger <= SIZE_MAX / 2) {
        larger *= 2;
    }
    if (larger < wanted || larger > SIZE_MAX / size) {
        return checked(NULL);
    }
    *capacity = larger;
    return checked(realloc(list, larger * size));
}

void *motet_memory_grow(void *list, size_t count, size_t *capacity, size_t size)
{
    return motet_memory_reserve(list, count + 1, capacity, size);
}

char *motet_string_format_list(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        return motet_string_copy(format);
    }
    char *text = motet_memory_take((size_t)length + 1, 1);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *motet_string_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = motet_string_format_list(format, arguments);
    va_end(arguments);
    return text;
}

char *motet_string_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(motet_memory_take(size, 1), text, size);
}
