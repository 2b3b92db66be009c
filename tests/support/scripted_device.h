/* A device adapter that does as it is told, for tests of what stands between an engine and its devices. */
#ifndef TEST_SUPPORT_SCRIPTED_DEVICE_H
#define TEST_SUPPORT_SCRIPTED_DEVICE_H

#include "engine/device.h"

#include <pthread.h>

enum { SCRIPT_RATE = 48000, SCRIPT_PERIOD = 480, SCRIPT_MOST_DEVICES = 16, SCRIPT_MOST_FRAMES = 20 * SCRIPT_RATE };

/* It knows "Speakers", the default, and "Headphones", and calls back in real time on a thread of its own. */
extern const motet_device_backend scripted_device_backend;

struct motet_device {
    motet_device_request request;
    char name[128];
    pthread_t thread;
    bool closing;
    uint32_t callbacks;
    float *heard; /* left channel of all that was rendered; what a callback leaves unwritten is 99 */
    uint32_t heard_frames;
};

/* What the adapter does, and what was done with it; between script_lock and script_unlock. */
typedef struct device_script {
    int fail_opens; /* so many opens fail, negative: all */
    bool hang_open; /* until it is false again; likewise below */
    bool hang_close;
    bool silent;     /* no callbacks */
    bool lost;       /* what the adapter says */
    bool no_devices; /* on the list */
    int opens;       /* tried */
    int opened_count, closed_count;
    motet_device *devices[SCRIPT_MOST_DEVICES]; /* all that were opened since script_begin */
} device_script;

extern device_script script;
void script_lock(void);
void script_unlock(void);

/* One field, under the lock. */
void script_set(bool *flag, bool value);
void script_set_fail_opens(int count);
int script_opens(void);
int script_opened_count(void);
int script_closed_count(void);
uint32_t script_callbacks(int device);

/* At the beginning of a test; and at its end, when all devices are closed. */
void script_begin(void);
void script_end(void);

/* For an engine's `log`: lines of the form "2: text", kept since script_begin. */
void script_log(void *user, motet_log_level level, const char *text);
int script_log_count(const char *text);
const char *script_log_text(void);

uint64_t now_ns(void);

/* Polls a condition; only one that never comes true is ended by the limit. */
#define WAIT_UNTIL(condition)                                                               \
    do {                                                                                    \
        uint64_t limit_ = now_ns() + UINT64_C(30000000000);                                 \
        while (!(condition)) {                                                              \
            if (now_ns() > limit_) {                                                        \
                fail_msg("waited in vain for %s; log:\n%s", #condition, script_log_text()); \
            }                                                                               \
            motet_sleep_ms(1);                                                              \
        }                                                                                   \
    } while (0)

#endif /* TEST_SUPPORT_SCRIPTED_DEVICE_H */
