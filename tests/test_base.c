/* labels: threads */
/* The ground floor: the heap and its count of bytes, the log, nearest names, the audio thread's guard, threads. */
#include "base/alloc.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---------------------------------------------------------------------------------------------------- Heap */

/* An allocator that keeps books of its own and refuses the call whose turn it is. */
typedef struct books {
    uint64_t bytes;
    int blocks;
    int calls;
    int refuse_call; /* from 1; 0: none */
    int wrong_sizes;
} books;

enum { HEADER = 256 };

static void *books_allocate(void *user, size_t size, size_t alignment)
{
    books *b = user;
    assert_true(alignment != 0 && (alignment & (alignment - 1)) == 0 && alignment <= HEADER);
    if (++b->calls == b->refuse_call) {
        return NULL;
    }
    unsigned char *block = aligned_alloc(HEADER, HEADER + (size + HEADER - 1) / HEADER * HEADER);
    assert_non_null(block);
    memcpy(block, &size, sizeof size);
    memset(block + HEADER, 0xcd, size);
    b->bytes += size;
    b->blocks++;
    return block + HEADER;
}

static void books_free(void *user, void *memory, size_t size)
{
    books *b = user;
    unsigned char *block = (unsigned char *)memory - HEADER;
    size_t taken;
    memcpy(&taken, block, sizeof taken);
    b->wrong_sizes += taken != size;
    b->bytes -= taken;
    b->blocks--;
    free(block);
}

static motet_heap books_heap(books *b)
{
    *b = (books){0};
    motet_heap heap;
    motet_allocator allocator = {books_allocate, books_free, b};
    motet_heap_init(&heap, &allocator);
    return heap;
}

static motet_heap libc_heap(void)
{
    motet_heap heap;
    motet_allocator none = {NULL, NULL, NULL};
    motet_heap_init(&heap, &none);
    return heap;
}

static bool is_zero(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void heap_gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    books b;
    motet_heap heaps[] = {libc_heap(), books_heap(&b)};
    for (int h = 0; h < 2; h++) {
        for (size_t alignment = 1; alignment <= 256; alignment *= 2) {
            for (size_t size = 0; size < 300; size += 37) {
                unsigned char *memory = motet_heap_take(&heaps[h], size, alignment);
                assert_non_null(memory);
                assert_int_equal((uintptr_t)memory % alignment, 0);
                assert_true(is_zero(memory, size));
                memset(memory, 0xff, size);
                motet_heap_give(&heaps[h], memory, size);
            }
        }
        assert_int_equal(motet_load_relaxed_u64(&heaps[h].bytes), 0);
        motet_heap_destroy(&heaps[h]);
    }
    assert_int_equal(b.blocks, 0);
    assert_int_equal(b.wrong_sizes, 0);
}

static void heap_counts_bytes(void **state)
{
    (void)state;
    books b;
    motet_heap heap = books_heap(&b);
    void *first = motet_heap_take(&heap, 100, 16);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 100);
    void *second = motet_heap_take(&heap, 28, 128);
    char *text = motet_heap_copy_text(&heap, "abc");
    assert_string_equal(text, "abc");
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 132);
    assert_int_equal(b.bytes, 132);
    motet_heap_give(&heap, first, 100);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 32);
    motet_heap_give_text(&heap, text);
    motet_heap_give(&heap, second, 28);
    motet_heap_give(&heap, NULL, 55);
    motet_heap_give_text(&heap, NULL);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);
    assert_int_equal(b.blocks, 0);
    assert_int_equal(b.wrong_sizes, 0);
}

static void heap_resizes(void **state)
{
    (void)state;
    books b;
    motet_heap heap = books_heap(&b);
    char *memory = motet_heap_resize(&heap, NULL, 0, 4, 1);
    memcpy(memory, "abcd", 4);
    memory = motet_heap_resize(&heap, memory, 4, 9, 64);
    assert_memory_equal(memory, "abcd\0\0\0\0\0", 9);
    assert_int_equal((uintptr_t)memory % 64, 0);
    assert_int_equal(b.bytes, 9);
    int calls = b.calls;
    assert_ptr_equal(motet_heap_resize(&heap, memory, 9, 9, 64), memory); /* no move for nothing */
    assert_int_equal(b.calls, calls);
    assert_int_equal(b.bytes, 9);
    memory = motet_heap_resize(&heap, memory, 9, 2, 1);
    assert_memory_equal(memory, "ab", 2);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 2);

    b.refuse_call = b.calls + 1;
    assert_null(motet_heap_resize(&heap, memory, 2, 1000, 1));
    assert_memory_equal(memory, "ab", 2); /* still there */
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 2);
    motet_heap_give(&heap, memory, 2);
    assert_int_equal(b.blocks, 0);
    assert_int_equal(b.wrong_sizes, 0);
}

static void heap_without_memory(void **state)
{
    (void)state;
    books b;
    motet_heap heap = books_heap(&b);
    b.refuse_call = 1;
    assert_null(motet_heap_take(&heap, 10, 8));
    b.refuse_call = 2;
    assert_null(motet_heap_copy_text(&heap, "text"));
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);

    motet_heap libc = libc_heap();
    assert_null(motet_heap_take(&libc, SIZE_MAX, 1));
    assert_null(motet_heap_take(&libc, SIZE_MAX, 64)); /* rounded up to the alignment it would be 0 */
    assert_null(motet_heap_take(&libc, SIZE_MAX - 63, 64));
    assert_null(motet_heap_take(&libc, SIZE_MAX / 2, 64));
    assert_int_equal(motet_load_relaxed_u64(&libc.bytes), 0);
    motet_heap_destroy(&libc);
}

/* ----------------------------------------------------------------------------------------------------- Log */

typedef struct heard {
    int count;
    motet_log_level level;
    char text[1024];
} heard;

static void hear(void *user, motet_log_level level, const char *text)
{
    heard *h = user;
    h->count++;
    h->level = level;
    snprintf(h->text, sizeof h->text, "%s", text);
}

static void log_levels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int shown;
    } cases[] = {{"off", 0}, {"error", 1}, {"warning", 2}, {"info", 3}, {"loud", 2}, {"", 2}, {NULL, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        heard h = {0};
        motet_log log;
        if (cases[i].name != NULL) {
            setenv("MOTET_LOG", cases[i].name, 1);
        } else {
            unsetenv("MOTET_LOG");
        }
        assert_true(motet_log_init(&log, hear, &h));
        motet_log_write(&log, MOTET_LOG_ERROR, "one %d", 1);
        motet_log_write(&log, MOTET_LOG_WARNING, "two %s", "words");
        motet_log_write(&log, MOTET_LOG_INFO, "three");
        assert_int_equal(h.count, cases[i].shown);
        static const char *const last[] = {"", "one 1", "two words", "three"};
        assert_string_equal(h.text, last[cases[i].shown]);
        assert_int_equal(h.level, cases[i].shown);
        motet_log_destroy(&log);
    }
    unsetenv("MOTET_LOG");
}

static void failures_are_kept_and_logged(void **state)
{
    (void)state;
    heard h = {0};
    motet_log log;
    assert_true(motet_log_init(&log, hear, &h));
    assert_int_equal(motet_fail(&log, MOTET_ERROR_FORMAT, "%s: cut at byte %d", "a.ogg", 4096), MOTET_ERROR_FORMAT);
    assert_string_equal(motet_last_error(), "a.ogg: cut at byte 4096");
    assert_string_equal(h.text, "a.ogg: cut at byte 4096");
    assert_int_equal(h.level, MOTET_LOG_ERROR);
    assert_int_equal(motet_fail(NULL, MOTET_ERROR_IO, "again: %s", motet_last_error()), MOTET_ERROR_IO);
    assert_string_equal(motet_last_error(), "again: a.ogg: cut at byte 4096");
    assert_int_equal(h.count, 1);

    char longer[3000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    motet_fail(&log, MOTET_ERROR_IO, "%s", longer);
    assert_in_range(strlen(motet_last_error()), 200, 1023);
    assert_string_equal(h.text, motet_last_error());
    motet_log_destroy(&log);
}

static void *other_threads_error(void *user)
{
    *(bool *)user = motet_last_error()[0] == '\0';
    motet_fail(NULL, MOTET_ERROR_IO, "of the other thread");
    return NULL;
}

static void last_error_belongs_to_its_thread(void **state)
{
    (void)state;
    motet_fail(NULL, MOTET_ERROR_IO, "of this thread");
    bool empty = false;
    motet_thread thread;
    assert_true(motet_thread_start(&thread, "motet-test", other_threads_error, &empty));
    motet_thread_join(&thread);
    assert_true(empty);
    assert_string_equal(motet_last_error(), "of this thread");
}

/* How many lines standard error gets from `write_lines`, and the first of them. */
static int lines_of_stderr(void (*write_lines)(motet_log *), motet_log *log, char *first, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    write_lines(log);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    int lines = 0;
    char line[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        if (lines++ == 0) {
            snprintf(first, size, "%.*s", (int)strcspn(line, "\n"), line);
        }
    }
    fclose(file);
    return lines;
}

static void write_twice(motet_log *log)
{
    motet_log_write(log, MOTET_LOG_ERROR, "music.ogg: no such file");
    motet_log_write(log, MOTET_LOG_ERROR, "music.ogg: no such file");
}

static void write_many(motet_log *log)
{
    for (int i = 0; i < MOTET_LOG_REMEMBERED; i++) {
        motet_log_write(log, MOTET_LOG_ERROR, "text %d", i);
        motet_log_write(log, MOTET_LOG_ERROR, "text %d", i);
    }
}

static void standard_error_gets_a_text_once_a_second(void **state)
{
    (void)state;
    motet_log log;
    assert_true(motet_log_init(&log, NULL, NULL));
    char first[1024];
    uint64_t began;
    int lines, tries = 0;
    do { /* on a machine that stood still for a second in between, two lines would be right */
        motet_log_destroy(&log);
        assert_true(motet_log_init(&log, NULL, NULL));
        began = motet_monotonic_ns();
        lines = lines_of_stderr(write_twice, &log, first, sizeof first);
    } while (motet_monotonic_ns() - began > 900000000u && ++tries < 10);
    assert_int_equal(lines, 1);
    assert_string_equal(first, "motet: music.ogg: no such file");

    for (int i = 0; i < MOTET_LOG_REMEMBERED; i++) { /* a second and a half later */
        log.remembered[i].shown_ns -= log.remembered[i].shown_ns == 0 ? 0 : 1500000000u;
    }
    lines = lines_of_stderr(write_twice, &log, first, sizeof first);
    assert_in_range(lines, 1, 2);
    assert_true(log.remembered[0].shown_ns >= began);
    motet_log_destroy(&log);
}

static void as_many_texts_as_stated_are_remembered(void **state)
{
    (void)state;
    motet_log log;
    char first[1024];
    uint64_t began;
    int lines, tries = 0;
    do {
        assert_true(motet_log_init(&log, NULL, NULL));
        began = motet_monotonic_ns();
        lines = lines_of_stderr(write_many, &log, first, sizeof first);
        lines += lines_of_stderr(write_many, &log, first, sizeof first); /* all of them known */
        motet_log_destroy(&log);
    } while (motet_monotonic_ns() - began > 900000000u && ++tries < 10);
    assert_int_equal(lines, MOTET_LOG_REMEMBERED);
}

/* --------------------------------------------------------------------------------------------- Nearest name */

static void assert_nearest(const char *word, const char *expected)
{
    static const char *const names[] = {"volume_db", "pan",     "pitch", "loop",   "loop_start", "loop_end", "bus",
                                        "Master",    "Music",   "SFX",   "Voices", "fade",       "curve",    "play",
                                        "set",       "set_bus", "stop",  "seek",   "resume",     "pause",    "quality"};
    const char *nearest = motet_nearest_name(word, names, sizeof names / sizeof *names);
    if (expected == NULL) {
        assert_null(nearest);
    } else {
        assert_non_null(nearest);
        assert_string_equal(nearest, expected);
    }
}

static void nearest_names(void **state)
{
    (void)state;
    assert_nearest("volum_db", "volume_db");
    assert_nearest("voluem_db", "volume_db"); /* neighbours swapped: one edit */
    assert_nearest("volumedb", "volume_db");
    assert_nearest("Musik", "Music");
    assert_nearest("music", "Music");
    assert_nearest("MASTER", "Master");
    assert_nearest("ptich", "pitch");
    assert_nearest("loopstart", "loop_start");
    assert_nearest("loop_ends", "loop_end");
    assert_nearest("setbus", "set_bus");
    assert_nearest("puase", "pause");
    assert_nearest("ste", "set"); /* two edits would be too many for so short a word */
    assert_nearest("quallity", "quality");
    assert_nearest("loop", "loop");
}

static void far_words_have_none(void **state)
{
    (void)state;
    assert_nearest("reverb", NULL);
    assert_nearest("xyzzy", NULL);
    assert_nearest("", NULL);
    assert_nearest("q", NULL);
    assert_nearest("amplitude", NULL);
    assert_nearest("a much longer word than any of the names that there are, by far", NULL);
    assert_null(motet_nearest_name(NULL, NULL, 0));
    assert_null(motet_nearest_name("pan", NULL, 0));
}

/* Beyond the length that is compared, nothing is near anything. */
static void long_words_are_not_near_long_names(void **state)
{
    (void)state;
    char word[301], name[101], same[64];
    memset(word, 'a', 300);
    memset(name, 'b', 100);
    memset(same, 'c', 63);
    word[300] = name[100] = same[63] = '\0';
    const char *const names[] = {name, same};
    assert_null(motet_nearest_name(word, names, 2));
    char typed[64];
    memcpy(typed, same, sizeof typed);
    typed[10] = 'd';
    assert_ptr_equal(motet_nearest_name(typed, names, 2), same);
}

static void of_equally_near_names_the_first(void **state)
{
    (void)state;
    const char *const names[] = {"bat", "cat", "rat"};
    assert_string_equal(motet_nearest_name("hat", names, 3), "bat");
    assert_string_equal(motet_nearest_name("rat", names, 3), "rat");
}

/* --------------------------------------------------------------------------------------------------- Guard */

static int entered, left;
static bool inside_in_hook;

static void count_guard(bool enters)
{
    entered += enters;
    left += !enters;
    inside_in_hook = motet_on_audio_thread();
}

static void *ask_if_audio(void *user)
{
    *(bool *)user = motet_on_audio_thread();
    return NULL;
}

static void guard_marks_its_thread(void **state)
{
    (void)state;
    assert_false(motet_on_audio_thread());
    motet_guard_enter(); /* without a hook */
    assert_true(motet_on_audio_thread());
    bool other = true;
    motet_thread thread;
    assert_true(motet_thread_start(&thread, "motet-test", ask_if_audio, &other));
    motet_thread_join(&thread);
    assert_false(other);
    motet_guard_leave();
    assert_false(motet_on_audio_thread());
    assert_int_equal(entered + left, 0);

    motet_guard = count_guard;
    motet_guard_enter();
    assert_int_equal(entered, 1);
    assert_int_equal(left, 0);
    assert_true(inside_in_hook);
    motet_guard_leave();
    assert_int_equal(left, 1);
    assert_true(inside_in_hook);
    motet_guard = NULL;
}

/* ------------------------------------------------------------------------------------------------- Threads */

static void *raise_flag(void *user)
{
    motet_signal_flag_raise(user);
    return NULL;
}

static void flags(void **state)
{
    (void)state;
    motet_signal_flag flag;
    assert_true(motet_signal_flag_init(&flag));
    assert_false(motet_signal_flag_wait(&flag, 1000));
    motet_signal_flag_raise(&flag);
    motet_signal_flag_raise(&flag);
    assert_true(motet_signal_flag_wait(&flag, 0));  /* raised before the wait counts */
    assert_false(motet_signal_flag_wait(&flag, 0)); /* and only once */
    motet_thread thread;
    assert_true(motet_thread_start(&thread, "motet-test", raise_flag, &flag));
    assert_true(motet_signal_flag_wait(&flag, UINT64_C(60000000000)));
    motet_thread_join(&thread);
    motet_thread_join(&thread); /* nothing is left to join */
    motet_signal_flag_destroy(&flag);
}

static void *try_mutex(void *user)
{
    motet_mutex *mutex = user;
    bool got = motet_mutex_try_lock(mutex);
    if (got) {
        motet_mutex_unlock(mutex);
    }
    return got ? mutex : NULL;
}

static bool other_thread_gets(motet_mutex *mutex)
{
    pthread_t thread;
    void *got = NULL;
    assert_int_equal(pthread_create(&thread, NULL, try_mutex, mutex), 0);
    pthread_join(thread, &got);
    return got != NULL;
}

static void mutexes(void **state)
{
    (void)state;
    motet_mutex mutex;
    assert_true(motet_mutex_init(&mutex));
    motet_mutex_lock(&mutex);
    assert_false(other_thread_gets(&mutex));
    motet_mutex_unlock(&mutex);
    assert_true(other_thread_gets(&mutex));
    assert_true(motet_mutex_try_lock(&mutex));
    assert_false(other_thread_gets(&mutex));
    motet_mutex_unlock(&mutex);
    motet_mutex_destroy(&mutex);
}

static void forks_are_counted_in_the_child(void **state)
{
    (void)state;
    uint32_t here = motet_fork_count();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(motet_fork_count() == here + 1 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(motet_fork_count(), here);
}

static void clocks(void **state)
{
    (void)state;
    uint64_t before = motet_monotonic_ns();
    motet_sleep_until_ns(before + 2000000);
    uint64_t after = motet_monotonic_ns();
    assert_true(after >= before + 2000000);
    motet_sleep_until_ns(before); /* past: returns */
    motet_sleep_ms(1);
    assert_true(motet_monotonic_ns() >= after + 1000000);
}

int main(void)
{
    unsetenv("MOTET_LOG");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_gives_zeroed_aligned_memory),
        cmocka_unit_test(heap_counts_bytes),
        cmocka_unit_test(heap_resizes),
        cmocka_unit_test(heap_without_memory),
        cmocka_unit_test(log_levels),
        cmocka_unit_test(failures_are_kept_and_logged),
        cmocka_unit_test(last_error_belongs_to_its_thread),
        cmocka_unit_test(standard_error_gets_a_text_once_a_second),
        cmocka_unit_test(as_many_texts_as_stated_are_remembered),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(far_words_have_none),
        cmocka_unit_test(long_words_are_not_near_long_names),
        cmocka_unit_test(of_equally_near_names_the_first),
        cmocka_unit_test(guard_marks_its_thread),
        cmocka_unit_test(flags),
        cmocka_unit_test(mutexes),
        cmocka_unit_test(forks_are_counted_in_the_child),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
