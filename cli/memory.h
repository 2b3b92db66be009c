/* Memory and text for the tool. The tool can do nothing useful when memory is out: it says so and exits with 1, so
 * none of these returns NULL. */
#ifndef MOTET_CLI_MEMORY_H
#define MOTET_CLI_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__GNUC__)
#    define MOTET_PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#    define MOTET_PRINTF_LIKE(text, first)
#endif

/* Zeroed memory; give it back with free(). */
void *motet_memory_take(size_t count, size_t size);

/* Makes room for one more element: `list` as it is or a larger copy of it, with `*capacity` updated. */
void *motet_memory_grow(void *list, size_t count, size_t *capacity, size_t size);

/* `list` with room for at least `wanted` elements, grown by doubling. */
void *motet_memory_reserve(void *list, size_t wanted, size_t *capacity, size_t size);

/* A formatted text; give it back with free(). */
char *motet_string_format(const char *format, ...) MOTET_PRINTF_LIKE(1, 2);
char *motet_string_format_list(const char *format, va_list arguments) MOTET_PRINTF_LIKE(1, 0);
char *motet_string_copy(const char *text);

#endif /* MOTET_CLI_MEMORY_H */
